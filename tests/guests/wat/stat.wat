;; Looks at what a path names, without following a link at its end.
(component
  (import "wasi:filesystem/types@0.2.0" (instance $types
    (export "descriptor" (type $d (sub resource)))
    (type $enum (enum "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota"
      "exist" "file-too-large" "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io"
      "is-directory" "loop" "too-many-links" "message-size" "name-too-long" "no-device" "no-entry"
      "no-lock" "insufficient-memory" "insufficient-space" "not-directory" "not-empty"
      "not-recoverable" "unsupported" "no-tty" "no-such-device" "overflow" "not-permitted" "pipe"
      "read-only" "invalid-seek" "text-file-busy" "cross-device"))
    (export "error-code" (type $e (eq $enum)))
    (type $pf (flags "symlink-follow")) (export "path-flags" (type $pfe (eq $pf)))
    (type $time (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $time)))
    (type $kind (enum "unknown" "block-device" "character-device" "directory" "fifo"
      "symbolic-link" "regular-file" "socket"))
    (export "descriptor-type" (type $descriptor-type (eq $kind)))
    (type $stat (record (field "type" $descriptor-type) (field "link-count" u64)
      (field "size" u64) (field "data-access-timestamp" (option $datetime))
      (field "data-modification-timestamp" (option $datetime))
      (field "status-change-timestamp" (option $datetime))))
    (export "descriptor-stat" (type $descriptor-stat (eq $stat)))
    (export "[method]descriptor.stat-at" (func (param "self" (borrow $d))
      (param "path-flags" $pfe) (param "path" string)
      (result (result $descriptor-stat (error $e)))))))
  (alias export $types "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $pre
    (alias outer 1 $descriptor (type $outer))
    (export "descriptor" (type $d (eq $outer)))
    (export "get-directories" (func (result (list (tuple (own $d) string)))))))

  (core module $libc
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (i32.const 256)))))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (core func $directories (canon lower (func $pre "get-directories") (memory (core memory $memory))
    (realloc (core func $libc "realloc"))))
  (core func $stat (canon lower (func $types "[method]descriptor.stat-at")
    (memory (core memory $memory))))

  (core module $m
    (import "" "memory" (memory 1))
    (import "" "directories" (func $directories (param i32)))
    (import "" "stat" (func $stat (param i32 i32 i32 i32 i32)))
    ;; The kind, or 100 and the error code more.
    (func (export "stat") (param i32 i32) (result i32)
      (call $directories (i32.const 0))
      (call $stat (i32.load (i32.load (i32.const 0))) (i32.const 0) (local.get 0) (local.get 1)
        (i32.const 64))
      (i32.add (i32.load8_u (i32.const 72))
        (i32.mul (i32.load8_u (i32.const 64)) (i32.const 100)))))
  (core instance $i (instantiate $m (with "" (instance
    (export "memory" (memory $memory))
    (export "directories" (func $directories))
    (export "stat" (func $stat))))))
  (func (export "stat") (param "path" string) (result u32)
    (canon lift (core func $i "stat") (memory (core memory $memory))
      (realloc (core func $libc "realloc")))))
