;; Takes memory.
(component
  (core module $m
    (memory 1)
    ;; Asks for one page after the other until refused; answers how many it has then.
    (func (export "all") (result i32)
      (loop $again (br_if $again (i32.ne (i32.const -1) (memory.grow (i32.const 1)))))
      (memory.size))
    ;; As programs do: traps if it does not get what it wants.
    (func (export "pages") (param i32) (result i32)
      (if (i32.eq (i32.const -1) (memory.grow (local.get 0))) (then unreachable))
      (memory.size)))
  (core instance $i (instantiate $m))
  (func (export "all") (result u32) (canon lift (core func $i "all")))
  (func (export "pages") (param "count" u32) (result u32) (canon lift (core func $i "pages"))))
