;; The total for some pieces of an item, at the price that the host says; and a customer who never
;; makes up his mind.
(component
  (import "acme:shop/prices@1.0.0" (instance $prices
    (export "price" (func (param "item" string) (result u32)))))
  (core module $memory
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 64))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $top))
      (global.set $top (i32.add (global.get $top) (local.get 3)))
      (local.get $at)))
  (core instance $memory (instantiate $memory))
  (core func $price (canon lower (func $prices "price") (memory (core memory $memory "memory"))))
  (core module $main
    (import "prices" "price" (func $price (param i32 i32) (result i32)))
    (func (export "total") (param $item i32) (param $len i32) (param $count i32) (result i32)
      (i32.mul (local.get $count) (call $price (local.get $item) (local.get $len))))
    (func (export "browse") (loop $forever (br $forever))))
  (core instance $main (instantiate $main
    (with "prices" (instance (export "price" (func $price))))))
  (func (export "total") (param "item" string) (param "count" u32) (result u32)
    (canon lift (core func $main "total") (memory (core memory $memory "memory"))
      (realloc (core func $memory "realloc"))))
  (func (export "browse") (canon lift (core func $main "browse"))))
