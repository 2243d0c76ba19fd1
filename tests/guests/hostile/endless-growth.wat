;; Asks for memory for ever, takes what it gets, and does not mind refusals.
(component
  (core module $m
    (memory 1)
    (func (export "run")
      (loop $again
        (drop (memory.grow (i32.const 1)))
        (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (i32.const 1))
        (br $again))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
