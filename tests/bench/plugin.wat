;; What guest.wat does, as an Extism plug-in, as far as that has a counterpart: one string of bytes
;; in, one out, both in a memory of Extism's own, so the plug-in only says where they are.
(module
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "input_length" (func $length (result i64)))
    (import "extism:host/env" "input_load_u64" (func $number (param i64) (result i64)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (import "extism:host/user" "host" (func $host (param i64) (result i64)))
    (memory (export "memory") 2)
    (func (export "none") (result i32) i32.const 0)
    (func (export "echo") (result i32)
        (call $output (call $input) (call $length))
        i32.const 0)
    ;; Asks as often as the eight bytes of the input say.
    (func (export "ask") (result i32)
        (local $n i64)
        (local.set $n (call $number (i64.const 0)))
        (loop $more
            (if (i64.ne (local.get $n) (i64.const 0)) (then
                (drop (call $host (local.get $n)))
                (local.set $n (i64.sub (local.get $n) (i64.const 1)))
                (br $more))))
        i32.const 0)
)
