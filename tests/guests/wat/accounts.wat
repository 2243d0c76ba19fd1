;; Opens accounts of its host, pays into them, and keeps one or drops it.
(component
  (import "acme:bank/accounts@1.0.0" (instance $bank
    (export "account" (type $account (sub resource)))
    (export "[constructor]account" (func (param "opening" u32) (result (own $account))))
    (export "[method]account.pay"
      (func (param "self" (borrow $account)) (param "amount" u32) (result u32)))))
  (alias export $bank "account" (type $account))
  (core func $open (canon lower (func $bank "[constructor]account")))
  (core func $pay (canon lower (func $bank "[method]account.pay")))
  (core func $drop (canon resource.drop $account))
  (core module $main
    (import "bank" "open" (func $open (param i32) (result i32)))
    (import "bank" "pay" (func $pay (param i32 i32) (result i32)))
    (import "bank" "drop" (func $drop (param i32)))
    (func (export "save") (param $opening i32) (result i32)
      (local $account i32)
      (local.set $account (call $open (local.get $opening)))
      (drop (call $pay (local.get $account) (i32.const 10)))
      (call $pay (local.get $account) (i32.const 5))
      (call $drop (local.get $account)))
    (func (export "forget") (param $opening i32)
      (drop (call $open (local.get $opening)))))
  (core instance $main (instantiate $main (with "bank" (instance
    (export "open" (func $open)) (export "pay" (func $pay)) (export "drop" (func $drop))))))
  (func (export "save") (param "opening" u32) (result u32)
    (canon lift (core func $main "save")))
  (func (export "forget") (param "opening" u32) (canon lift (core func $main "forget"))))
