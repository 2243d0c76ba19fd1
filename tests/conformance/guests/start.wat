;; Traps before it can be called.
(component
  (core module $m
    (func $start unreachable)
    (start $start)
    (func (export "rest")))
  (core instance $i (instantiate $m))
  (func (export "rest") (canon lift (core func $i "rest"))))
