;; Returns the third case of a variant of two.
(component
  (type $t (variant (case "a") (case "b")))
  (export $exported "t" (type $t))
  (core module $m (func (export "run") (result i32) (i32.const 2)))
  (core instance $i (instantiate $m))
  (func (export "run") (result $exported) (canon lift (core func $i "run"))))
