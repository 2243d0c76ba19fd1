;; Returns a list of two million bytes, each of them larger outside the guest than inside.
(component
  (core module $m
    (memory (export "memory") 40)
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const 2000000))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (func (export "run") (result (list u8))
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
