;; Keeps a sum; a command that ends well unless the sum is 7, and exits with 3 if it is 8.
(component
  (import "wasi:cli/exit@0.2.6" (instance $exit
    (export "exit-with-code" (func (param "status-code" u8)))))
  (core func $exit (canon lower (func $exit "exit-with-code")))
  (core module $m
    (import "" "exit" (func $exit (param i32)))
    (global $sum (mut i32) (i32.const 0))
    (func (export "add") (param i32) (result i32)
      (global.set $sum (i32.add (global.get $sum) (local.get 0)))
      (global.get $sum))
    (func (export "run") (result i32)
      (if (i32.eq (global.get $sum) (i32.const 8)) (then (call $exit (i32.const 3))))
      (i32.eq (global.get $sum) (i32.const 7)))
    (func (export "spin") (loop $l (br $l)))
    (func (export "trap") unreachable))
  (core instance $i (instantiate $m (with "" (instance (export "exit" (func $exit))))))
  (func (export "add") (param "n" u32) (result u32) (canon lift (core func $i "add")))
  (func (export "spin") (canon lift (core func $i "spin")))
  (func (export "trap") (canon lift (core func $i "trap")))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance (export "wasi:cli/run@0.2.0") (export "run" (func $run))))
