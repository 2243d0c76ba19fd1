;; Imports a later version of the host's interface than the host defines.
(component
  (import "wasmcell:test/host@0.1.7" (instance $host
    (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
  (core func $add (canon lower (func $host "add")))
  (core module $m
    (import "host" "add" (func $add (param i32 i32) (result i32)))
    (func (export "add") (param i32 i32) (result i32)
      (call $add (local.get 0) (local.get 1))))
  (core instance $i (instantiate $m (with "host" (instance (export "add" (func $add))))))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32)
    (canon lift (core func $i "add"))))
