;; What guest.wat does, as a core module: for hosts that know no components.
(module
    (import "host" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
        (global.set $next (i32.add (local.get $at) (local.get 3)))
        (loop $more
            (if (i32.gt_u (global.get $next) (i32.shl (memory.size) (i32.const 16)))
                (then (br_if $more (i32.ne (i32.const -1) (memory.grow
                    (i32.add (i32.const 1) (i32.shr_u (local.get 3) (i32.const 16)))))))))
        local.get $at)
    (func (export "reset") (global.set $next (i32.const 1024)))
    (func (export "none"))
    (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
    ;; Hands a list back where it is: pointer and length are at 16.
    (func (export "echo") (param i32 i32) (result i32)
        (i32.store (i32.const 16) (local.get 0))
        (i32.store (i32.const 20) (local.get 1))
        i32.const 16)
    (func (export "ask") (param i32) (result i32)
        (local $sum i32)
        (loop $more
            (if (local.get 0) (then
                (local.set $sum (i32.add (local.get $sum) (call $host (local.get 0))))
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (br $more))))
        local.get $sum)
)
