;; handle: func(body: list<u8>) -> list<u8>, the body with its ASCII letters in upper case.
(component
  (core module $upper
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 16))

    ;; Where the host puts the body. Never freed: an instance answers one request.
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

    ;; Changes the body where it is and answers where that is: (pointer, length) at address 0.
    (func $handle (export "handle") (param $ptr i32) (param $len i32) (result i32)
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
      (i32.const 0)))
  (core instance $i (instantiate $upper))
  (func (export "handle") (param "body" (list u8)) (result (list u8))
    (canon lift (core func $i "handle")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
