;; Reads from stdin until it ends. Where nothing is granted, that is at once.
(component
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $error-type))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (alias outer 1 $error-type (type $outer))
    (export "error" (type $e (eq $outer)))
    (export "input-stream" (type $s (sub resource)))
    (type $variant (variant (case "last-operation-failed" (own $e)) (case "closed")))
    (export "stream-error" (type $se (eq $variant)))
    (export "[method]input-stream.blocking-read"
      (func (param "self" (borrow $s)) (param "len" u64) (result (result (list u8) (error $se)))))))
  (alias export $streams "input-stream" (type $stream))
  (import "wasi:cli/stdin@0.2.0" (instance $stdin
    (alias outer 1 $stream (type $outer))
    (export "input-stream" (type $s (eq $outer)))
    (export "get-stdin" (func (result (own $s))))))
  (core module $libc
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $libc (instantiate $libc))
  (core func $read (canon lower (func $streams "[method]input-stream.blocking-read")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $stdin (canon lower (func $stdin "get-stdin")))
  (core module $m
    (import "" "read" (func $read (param i32 i64 i32)))
    (import "" "stdin" (func $stdin (result i32)))
    (import "" "memory" (memory 1))
    (func (export "run") (local $stream i32)
      (local.set $stream (call $stdin))
      (loop $again
        (call $read (local.get $stream) (i64.const 4096) (i32.const 0))
        (br_if $again (i32.eqz (i32.load8_u (i32.const 0)))))))
  (core instance $i (instantiate $m (with "" (instance
    (export "read" (func $read))
    (export "stdin" (func $stdin))
    (export "memory" (memory $libc "memory"))))))
  (func (export "run") (canon lift (core func $i "run"))))
