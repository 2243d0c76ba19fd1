;; Returns a list of numbers of four bytes at an odd address.
(component
  (core module $m
    (memory (export "memory") 1)
    (data (i32.const 64) "numbers")
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 65))
      (i32.store (i32.const 4) (i32.const 1))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (func (export "run") (result (list u32))
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
