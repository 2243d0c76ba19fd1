;; Imports functions, resources and interfaces that nobody has.
(component
  (import "anything" (func))
  (import "wasi:cli/environment@9.9.9" (instance (export "get-everything" (func))))
  (import "wasi:http/outgoing-handler@0.2.0" (instance (export "handle" (func (param "x" u32)))))
  (import "host:kernel/memory@1.0.0" (instance
    (export "page" (type $page (sub resource)))
    (export "map" (func (param "at" u64) (result (own $page))))))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance (export "now" (func (result string)))))
  (core module $m (func (export "run")))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
