;; Waits for what never comes, as a read from a silent pipe does: by `poll`, for a time that no
;; clock reaches.
(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $p (sub resource)))
    (export "poll" (func (param "in" (list (borrow $p))) (result (list u32))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core module $libc
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $libc (instantiate $libc))
  (core func $wait (canon lower (func $poll "poll")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $after (canon lower (func $clock "subscribe-duration")))
  (core module $m
    (import "" "wait" (func $wait (param i32 i32 i32)))
    (import "" "after" (func $after (param i64) (result i32)))
    (import "" "memory" (memory 1))
    (func (export "run")
      (i32.store (i32.const 16) (call $after (i64.const -1)))
      (call $wait (i32.const 16) (i32.const 1) (i32.const 0))))
  (core instance $i (instantiate $m (with "" (instance
    (export "wait" (func $wait))
    (export "after" (func $after))
    (export "memory" (memory $libc "memory"))))))
  (func (export "run") (canon lift (core func $i "run"))))
