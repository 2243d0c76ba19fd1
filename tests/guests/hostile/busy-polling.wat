;; Sleeps for no time at all, again and again: it neither computes for a whole tick nor waits.
(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $p (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $p))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core func $after (canon lower (func $clock "subscribe-duration")))
  (core func $drop (canon resource.drop $pollable))
  (core module $m
    (import "" "block" (func $block (param i32)))
    (import "" "after" (func $after (param i64) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "run") (local $p i32)
      (loop $again
        (local.set $p (call $after (i64.const 0)))
        (call $block (local.get $p))
        (call $drop (local.get $p))
        (br $again))))
  (core instance $i (instantiate $m (with "" (instance
    (export "block" (func $block))
    (export "after" (func $after))
    (export "drop" (func $drop))))))
  (func (export "run") (canon lift (core func $i "run"))))
