;; Imports the host's interface by two versions, and adds by the later one what the earlier one gives.
(component
  (import "wasmcell:test/host@0.1.0" (instance $one
    (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
  (import "wasmcell:test/host@0.1.7" (instance $other
    (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
  (core func $one (canon lower (func $one "add")))
  (core func $other (canon lower (func $other "add")))
  (core module $m
    (import "host" "one" (func $one (param i32 i32) (result i32)))
    (import "host" "other" (func $other (param i32 i32) (result i32)))
    (func (export "add") (param i32 i32) (result i32)
      (call $other (call $one (local.get 0) (i32.const 0)) (local.get 1))))
  (core instance $i (instantiate $m
    (with "host" (instance (export "one" (func $one)) (export "other" (func $other))))))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32)
    (canon lift (core func $i "add"))))
