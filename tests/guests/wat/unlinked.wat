;; Keeps a file open whose name it removes: what it does with that counts until it is closed. Each
;; function gives 100 if all went well, otherwise the error code of WASI.
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
    (type $of (flags "create" "directory" "exclusive" "truncate"))
    (export "open-flags" (type $ofe (eq $of)))
    (type $df (flags "read" "write" "file-integrity-sync" "data-integrity-sync"
      "requested-write-sync" "mutate-directory"))
    (export "descriptor-flags" (type $dfe (eq $df)))
    (export "[method]descriptor.open-at" (func (param "self" (borrow $d))
      (param "path-flags" $pfe) (param "path" string) (param "open-flags" $ofe)
      (param "flags" $dfe) (result (result (own $d) (error $e)))))
    (export "[method]descriptor.unlink-file-at" (func (param "self" (borrow $d))
      (param "path" string) (result (result (error $e)))))
    (export "[method]descriptor.set-size" (func (param "self" (borrow $d)) (param "size" u64)
      (result (result (error $e)))))))
  (alias export $types "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $pre
    (alias outer 1 $descriptor (type $outer))
    (export "descriptor" (type $d (eq $outer)))
    (export "get-directories" (func (result (list (tuple (own $d) string)))))))

  (core module $libc
    (memory (export "memory") 1)
    (data (i32.const 16) "file")
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (i32.const 64)))))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (core func $directories (canon lower (func $pre "get-directories") (memory (core memory $memory))
    (realloc (core func $libc "realloc"))))
  (core func $open (canon lower (func $types "[method]descriptor.open-at")
    (memory (core memory $memory))))
  (core func $unlink (canon lower (func $types "[method]descriptor.unlink-file-at")
    (memory (core memory $memory))))
  (core func $resize (canon lower (func $types "[method]descriptor.set-size")
    (memory (core memory $memory))))
  (core func $drop (canon resource.drop $descriptor))

  (core module $m
    (import "" "memory" (memory 1))
    (import "" "directories" (func $directories (param i32)))
    (import "" "open" (func $open (param i32 i32 i32 i32 i32 i32 i32)))
    (import "" "unlink" (func $unlink (param i32 i32 i32 i32)))
    (import "" "resize" (func $resize (param i32 i64 i32)))
    (import "" "drop" (func $drop (param i32)))
    (global $directory (mut i32) (i32.const 0))
    (global $file (mut i32) (i32.const 0))
    ;; What the result at 64 says.
    (func $outcome (param $code i32) (result i32)
      (if (result i32) (i32.load8_u (i32.const 64))
        (then (i32.load8_u (local.get $code)))
        (else (i32.const 100))))
    ;; Makes a file and opens it.
    (func (export "open") (result i32)
      (if (i32.eqz (global.get $directory))
        (then
          (call $directories (i32.const 0))
          (global.set $directory (i32.load (i32.load (i32.const 0))))))
      (call $open (global.get $directory) (i32.const 0) (i32.const 16) (i32.const 4) (i32.const 1)
        (i32.const 2) (i32.const 64))
      (global.set $file (i32.load (i32.const 68)))
      (call $outcome (i32.const 68)))
    (func (export "resize") (param i32) (result i32)
      (call $resize (global.get $file) (i64.extend_i32_u (local.get 0)) (i32.const 64))
      (call $outcome (i32.const 65)))
    (func (export "unlink") (result i32)
      (call $unlink (global.get $directory) (i32.const 16) (i32.const 4) (i32.const 64))
      (call $outcome (i32.const 65)))
    (func (export "close") (result i32)
      (call $drop (global.get $file))
      (i32.const 100)))
  (core instance $i (instantiate $m (with "" (instance
    (export "memory" (memory $memory))
    (export "directories" (func $directories))
    (export "open" (func $open))
    (export "unlink" (func $unlink))
    (export "resize" (func $resize))
    (export "drop" (func $drop))))))
  (func (export "open") (result u32) (canon lift (core func $i "open")))
  (func (export "resize") (param "size" u32) (result u32) (canon lift (core func $i "resize")))
  (func (export "unlink") (result u32) (canon lift (core func $i "unlink")))
  (func (export "close") (result u32) (canon lift (core func $i "close"))))
