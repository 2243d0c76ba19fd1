;; Reads behind the end of its memory.
(component
  (core module $m
    (memory 1)
    (func (export "run") (drop (i32.load (i32.const 0xfffffff0)))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
