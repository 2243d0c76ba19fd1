;; Its allocator throws, wherever it is called: for a result of the host's, and for an argument.
(component
  (import "wasmcell:test/host@0.1.0" (instance $host
    (export "echo" (func (param "text" string) (result string)))))
  (core module $memory
    (tag $t)
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (throw $t)))
  (core instance $memory (instantiate $memory))
  (core func $echo (canon lower (func $host "echo")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $m
    (import "" "echo" (func $echo (param i32 i32 i32)))
    (func (export "result") (result i32)
      (block $caught
        (try_table (catch_all $caught) (call $echo (i32.const 0) (i32.const 4) (i32.const 16)))
        (return (i32.const 0)))
      (i32.const 1))
    (func (export "argument") (param i32 i32)))
  (core instance $c (instantiate $m (with "" (instance (export "echo" (func $echo))))))
  (func (export "result") (result u32) (canon lift (core func $c "result")))
  (func (export "argument") (param "text" string) (canon lift (core func $c "argument")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc")))))
