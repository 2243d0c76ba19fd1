;; Returns a list of 2^32 - 1 numbers of eight bytes.
(component
  (core module $m
    (memory (export "memory") 1)
    (data (i32.const 64) "numbers")
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const -1))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (func (export "run") (result (list u64))
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
