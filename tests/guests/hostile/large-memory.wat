;; Is born with a memory of 16 MiB.
(component
  (core module $m (memory 256) (func (export "run")))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
