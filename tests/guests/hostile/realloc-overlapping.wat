;; Makes room for both arguments at the same place: the guest's own loss, not the host's.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "run") (param $a i32) (param $a-len i32) (param $b i32) (param $b-len i32)
      (result i32)
      (i32.store (i32.const 0) (local.get $a))
      (i32.store (i32.const 4) (local.get $a-len))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (func (export "run") (param "a" string) (param "b" string) (result string)
    (canon lift (core func $i "run") (memory (core memory $i "memory"))
      (realloc (core func $i "realloc")))))
