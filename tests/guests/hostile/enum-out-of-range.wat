;; Returns the eighth case of an enum of two.
(component
  (type $t (enum "a" "b"))
  (export $exported "t" (type $t))
  (core module $m (func (export "run") (result i32) (i32.const 7)))
  (core instance $i (instantiate $m))
  (func (export "run") (result $exported) (canon lift (core func $i "run"))))
