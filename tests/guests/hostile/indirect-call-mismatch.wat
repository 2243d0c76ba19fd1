;; Calls a function through a table by a type that it does not have.
(component
  (core module $m
    (type $wanted (func (param i32) (result i32)))
    (table funcref (elem $other))
    (func $other)
    (func (export "run") (drop (call_indirect (type $wanted) (i32.const 1) (i32.const 0)))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
