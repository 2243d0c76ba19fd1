;; What the benchmarks call. Its memory is a bump allocator that starts again after each call, so
;; that the guest's own share of a call is next to nothing. Without the lines that say `;; host` it
;; is a component that imports no function: `compare` makes one of it.
(component
    (type $row-d (record (field "id" u32) (field "x" f64) (field "y" f64) (field "on" bool)))
    (import "row" (type $row (eq $row-d)))
    (type $shape-d (variant
        (case "none") (case "number" u64) (case "text" string)
        (case "pair" (tuple u32 (option u32))) (case "outcome" (result string (error u32)))))
    (import "shape" (type $shape (eq $shape-d)))
    (import "host" (func $host (param "n" u32) (result u32))) ;; host

    (core module $memory-m
        (memory (export "memory") 2)
        (global $next (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
            (global.set $next (i32.add (local.get $at) (local.get 3)))
            (loop $more
                (if (i32.gt_u (global.get $next) (i32.shl (memory.size) (i32.const 16)))
                    (then (br_if $more (i32.ne (i32.const -1) (memory.grow
                        (i32.add (i32.const 1) (i32.shr_u (local.get 3) (i32.const 16)))))))))
            local.get $at)
        (func (export "reset") (param i32) (global.set $next (i32.const 1024))))
    (core instance $memory (instantiate $memory-m))
    (alias core export $memory "memory" (core memory $mem))
    (alias core export $memory "realloc" (core func $realloc))
    (alias core export $memory "reset" (core func $reset))
    (core func $host-lowered (canon lower (func $host))) ;; host

    (core module $m
        (import "" "memory" (memory 1))
        (import "" "host" (func $host (param i32) (result i32))) ;; host
        (func (export "none"))
        (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
        ;; Hands text or a list back where it is.
        (func (export "echo") (param i32 i32) (result i32)
            (i32.store (i32.const 16) (local.get 0))
            (i32.store (i32.const 20) (local.get 1))
            i32.const 16)
        (func (export "ask") (param i32) (result i32)                                      ;; host
            (local $sum i32)                                                               ;; host
            (loop $more                                                                    ;; host
                (if (local.get 0) (then                                                    ;; host
                    (local.set $sum (i32.add (local.get $sum) (call $host (local.get 0)))) ;; host
                    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))                    ;; host
                    (br $more))))                                                          ;; host
            local.get $sum)                                                                ;; host
    )
    (core instance $i (instantiate $m (with "" (instance
        (export "host" (func $host-lowered)) ;; host
        (export "memory" (memory $mem))))))

    (func (export "none") (canon lift (core func $i "none")))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32)
        (canon lift (core func $i "add")))
    (func (export "text") (param "p" string) (result string)
        (canon lift (core func $i "echo") (memory $mem) (realloc $realloc) (post-return $reset)))
    (func (export "bytes") (param "p" (list u8)) (result (list u8))
        (canon lift (core func $i "echo") (memory $mem) (realloc $realloc) (post-return $reset)))
    (func (export "doubles") (param "p" (list f64)) (result (list f64))
        (canon lift (core func $i "echo") (memory $mem) (realloc $realloc) (post-return $reset)))
    (func (export "rows") (param "p" (list $row)) (result (list $row))
        (canon lift (core func $i "echo") (memory $mem) (realloc $realloc) (post-return $reset)))
    (func (export "shapes") (param "p" (list $shape)) (result (list $shape))
        (canon lift (core func $i "echo") (memory $mem) (realloc $realloc) (post-return $reset)))
    (func (export "ask") (param "n" u32) (result u32) (canon lift (core func $i "ask"))) ;; host
)
