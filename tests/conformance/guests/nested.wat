;; Instances within instances: what a component exports whole, under names of its own, and a host
;; function in one that it imports.
(component
  (import "wasmcell:test/host@0.1.0" (instance $host
    (export "same-deep" (instance
      (export "echo" (func (param "a" u32) (result u32)))))))
  (alias export $host "same-deep" (instance $deep))
  (component $service
    (import "echo" (func $echo (param "a" u32) (result u32)))
    (core func $echo (canon lower (func $echo)))
    (core module $m
      (import "" "echo" (func $echo (param i32) (result i32)))
      (func (export "get") (result i32) (i32.const 7))
      (func (export "ask") (param i32) (result i32) (call $echo (local.get 0)))
      (func (export "new") (param i32) (result i32) (local.get 0))
      (func (export "value") (param i32) (result i32) (local.get 0)))
    (core instance $c (instantiate $m (with "" (instance (export "echo" (func $echo))))))
    (func $get (result u32) (canon lift (core func $c "get")))
    (func $ask (param "a" u32) (result u32) (canon lift (core func $c "ask")))
    (type $account (resource (rep i32)))
    (core func $own (canon resource.new $account))
    (core module $o
      (import "" "own" (func $own (param i32) (result i32)))
      (func (export "new") (param i32) (result i32) (call $own (local.get 0))))
    (core instance $owner (instantiate $o (with "" (instance (export "own" (func $own))))))
    (func $new (param "start" u32) (result (own $account))
      (canon lift (core func $owner "new")))
    (func $value (param "self" (borrow $account)) (result u32)
      (canon lift (core func $c "value")))
    (component $bank
      (import "account" (type $a (sub resource)))
      (import "new" (func $new (param "start" u32) (result (own $a))))
      (import "value" (func $value (param "self" (borrow $a)) (result u32)))
      (export $account "account" (type $a))
      (export "[constructor]account" (func $new)
        (func (param "start" u32) (result (own $account))))
      (export "[method]account.value" (func $value)
        (func (param "self" (borrow $account)) (result u32))))
    (instance $bank (instantiate $bank
      (with "account" (type $account))
      (with "new" (func $new))
      (with "value" (func $value))))
    (instance $prices (export "get" (func $get)) (export "ask" (func $ask)))
    (instance $inner (export "acme:shop/prices@1.2.3" (instance $prices)))
    (export "get" (func $get))
    (export "acme:shop/prices@1.2.3" (instance $prices))
    (export "acme:shop/bank@1.0.0" (instance $bank))
    (export "inner" (instance $inner)))
  (alias export $deep "echo" (func $echo))
  (instance $main (instantiate $service (with "echo" (func $echo))))
  (alias export $main "acme:shop/prices@1.2.3" (instance $prices))
  ;; A whole service under another name, twice, and a part of it.
  (export "main" (instance $main))
  (export "svc" (instance $main))
  (export "acme:shop/prices@1.2.3" (instance $prices)))
