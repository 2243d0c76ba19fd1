;; Passes the host a list of two million handles, all of them the same.
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
    (memory (export "memory") 128)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
  (core instance $libc (instantiate $libc))
  (core func $wait (canon lower (func $poll "poll")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $after (canon lower (func $clock "subscribe-duration")))
  (core module $m
    (import "" "wait" (func $wait (param i32 i32 i32)))
    (import "" "after" (func $after (param i64) (result i32)))
    (import "" "memory" (memory 1))
    (func (export "run") (local $handle i32) (local $at i32)
      (local.set $handle (call $after (i64.const 0)))
      (loop $again
        (i32.store (local.get $at) (local.get $handle))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $again (i32.lt_u (local.get $at) (i32.const 8000000))))
      (call $wait (i32.const 0) (i32.const 2000000) (i32.const 8100000))))
  (core instance $i (instantiate $m (with "" (instance
    (export "wait" (func $wait))
    (export "after" (func $after))
    (export "memory" (memory $libc "memory"))))))
  (func (export "run") (canon lift (core func $i "run"))))
