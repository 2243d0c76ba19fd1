;; Never returns from `spin`; returns at once from `rest`.
(component
  (core module $m
    (func (export "spin") (loop $forever (br $forever)))
    (func (export "rest")))
  (core instance $i (instantiate $m))
  (func (export "spin") (canon lift (core func $i "spin")))
  (func (export "rest") (canon lift (core func $i "rest"))))
