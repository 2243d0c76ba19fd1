;; Takes memory page by page until it is refused some, and aborts as programs do then.
(component
  (core module $m
    (memory 1)
    (func (export "run")
      (loop $again (br_if $again (i32.ne (i32.const -1) (memory.grow (i32.const 1)))))
      unreachable))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
