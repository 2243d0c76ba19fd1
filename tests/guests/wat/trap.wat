;; Ways to trap, three named functions deep, so that a backtrace has something to say.
(component
  (core module $accounts
    (memory 1)
    (table 1 funcref)
    (func $deep (param i32) (result i32)
      local.get 0
      i32.eqz
      if unreachable end
      local.get 0)
    (func $middle (param i32) (result i32) local.get 0 call $deep)
    (func $run (export "run") (param i32) (result i32) local.get 0 call $middle)
    (func (export "divide") (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s)
    (func (export "read") (param i32) (result i32) local.get 0 i32.load)
    (func (export "call-null") i32.const 0 call_indirect)
    (func $down (export "recurse") call $down))
  (core instance $i (instantiate $accounts))
  ;; Traps when given 0.
  (func (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run")))
  (func (export "divide") (param "a" s32) (param "b" s32) (result s32)
    (canon lift (core func $i "divide")))
  (func (export "read") (param "address" u32) (result u32) (canon lift (core func $i "read")))
  (func (export "call-null") (canon lift (core func $i "call-null")))
  (func (export "recurse") (canon lift (core func $i "recurse"))))
