;; Sleeps for an hour.
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
  (core module $m
    (import "" "block" (func $block (param i32)))
    (import "" "after" (func $after (param i64) (result i32)))
    (func (export "run") (call $block (call $after (i64.const 3600000000000)))))
  (core instance $i (instantiate $m (with "" (instance
    (export "block" (func $block))
    (export "after" (func $after))))))
  (func (export "run") (canon lift (core func $i "run"))))
