;; Takes handles from the host and never gives one back.
(component
  (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core func $after (canon lower (func $clock "subscribe-duration")))
  (core module $m
    (import "" "after" (func $after (param i64) (result i32)))
    (func (export "run") (loop $again (drop (call $after (i64.const -1))) (br $again))))
  (core instance $i (instantiate $m (with "" (instance (export "after" (func $after))))))
  (func (export "run") (canon lift (core func $i "run"))))
