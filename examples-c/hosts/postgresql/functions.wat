;; Functions for SQL: collatz(n) and shout(text), reverse(bytes), hypot(a, b).
(component
  (core module $functions
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 16))

    ;; Where the host puts text. Never freed: each call has an instance of its own.
    (func (export "realloc")
      (param $old i32) (param $old-len i32) (param $align i32) (param $len i32) (result i32)
      (local $at i32) (local $pages i32)
      (local.set $at (global.get $free))
      (global.set $free (i32.add (local.get $at) (local.get $len)))
      (local.set $pages
        (i32.sub (i32.shr_u (i32.add (global.get $free) (i32.const 65535)) (i32.const 16))
                 (memory.size)))
      (if (i32.gt_s (local.get $pages) (i32.const 0))
        (then (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then unreachable))))
      (local.get $at))

    ;; How many steps lead from n to 1. From 0 none do: it ends at its time limit.
    (func $collatz (export "collatz") (param $n i64) (result i64)
      (local $steps i64)
      (block $done
        (loop $next
          (br_if $done (i64.eq (local.get $n) (i64.const 1)))
          (local.set $n
            (if (result i64) (i64.eqz (i64.and (local.get $n) (i64.const 1)))
              (then (i64.shr_u (local.get $n) (i64.const 1)))
              (else (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1)))))
          (local.set $steps (i64.add (local.get $steps) (i64.const 1)))
          (br $next)))
      (local.get $steps))

    ;; Changes the text where it is and answers where that is: (pointer, length) at address 0.
    (func $shout (export "shout") (param $ptr i32) (param $len i32) (result i32)
      (local $at i32) (local $end i32) (local $byte i32)
      (local.set $at (local.get $ptr))
      (local.set $end (i32.add (local.get $ptr) (local.get $len)))
      (block $done
        (loop $next
          (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
          (local.set $byte (i32.load8_u (local.get $at)))
          (if (i32.lt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 26))
            (then (i32.store8 (local.get $at) (i32.sub (local.get $byte) (i32.const 32)))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (i32.store (i32.const 0) (local.get $ptr))
      (i32.store (i32.const 4) (local.get $len))
      (i32.const 0))

    ;; As shout() does, from both ends.
    (func $reverse (export "reverse") (param $ptr i32) (param $len i32) (result i32)
      (local $from i32) (local $to i32) (local $byte i32)
      (local.set $from (local.get $ptr))
      (local.set $to (i32.add (local.get $ptr) (local.get $len)))
      (block $done
        (loop $next
          (local.set $to (i32.sub (local.get $to) (i32.const 1)))
          (br_if $done (i32.ge_s (local.get $from) (local.get $to)))
          (local.set $byte (i32.load8_u (local.get $from)))
          (i32.store8 (local.get $from) (i32.load8_u (local.get $to)))
          (i32.store8 (local.get $to) (local.get $byte))
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (br $next)))
      (i32.store (i32.const 0) (local.get $ptr))
      (i32.store (i32.const 4) (local.get $len))
      (i32.const 0))

    ;; The long side of a triangle with a right angle.
    (func $hypot (export "hypot") (param $a f64) (param $b f64) (result f64)
      (f64.sqrt (f64.add (f64.mul (local.get $a) (local.get $a))
                         (f64.mul (local.get $b) (local.get $b))))))

  (core instance $i (instantiate $functions))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "realloc" (core func $realloc))
  (func (export "collatz") (param "n" s64) (result s64) (canon lift (core func $i "collatz")))
  (func (export "shout") (param "text" string) (result string)
    (canon lift (core func $i "shout") (memory $memory) (realloc $realloc)))
  (func (export "reverse") (param "bytes" (list u8)) (result (list u8))
    (canon lift (core func $i "reverse") (memory $memory) (realloc $realloc)))
  (func (export "hypot") (param "a" f64) (param "b" f64) (result f64)
    (canon lift (core func $i "hypot"))))
