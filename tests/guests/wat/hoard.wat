;; Takes what it can get: descriptors, buffers, look-ups. It tells how often it succeeded before it
;; was refused.
(component
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type $e (sub resource)))))
  (alias export $error "error" (type $io-error))
  (import "wasi:io/streams@0.2.0" (instance $io
    (alias outer 1 $io-error (type $outer-error))
    (export "error" (type $error (eq $outer-error)))
    (type $stream-error (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $failure (eq $stream-error)))
    (export "input-stream" (type $in (sub resource)))
    (export "output-stream" (type $out (sub resource)))
    (export "[method]input-stream.read" (func (param "self" (borrow $in)) (param "len" u64)
      (result (result (list u8) (error $failure)))))))
  (alias export $io "input-stream" (type $input))
  (import "wasi:filesystem/types@0.2.0" (instance $types
    (alias outer 1 $input (type $outer-input))
    (export "input-stream" (type $in (eq $outer-input)))
    (export "descriptor" (type $d (sub resource)))
    (export "directory-entry-stream" (type $s (sub resource)))
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
    (export "[method]descriptor.read-directory" (func (param "self" (borrow $d))
      (result (result (own $s) (error $e)))))
    (export "[method]descriptor.set-size" (func (param "self" (borrow $d)) (param "size" u64)
      (result (result (error $e)))))
    (export "[method]descriptor.read-via-stream" (func (param "self" (borrow $d))
      (param "offset" u64) (result (result (own $in) (error $e)))))))
  (alias export $types "descriptor" (type $descriptor))
  (alias export $types "directory-entry-stream" (type $listing))
  (import "wasi:filesystem/preopens@0.2.0" (instance $pre
    (alias outer 1 $descriptor (type $outer))
    (export "descriptor" (type $d (eq $outer)))
    (export "get-directories" (func (result (list (tuple (own $d) string)))))))
  (import "wasi:sockets/network@0.2.0" (instance $net
    (export "network" (type $n (sub resource)))
    (type $enum (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory"
      "timeout" "concurrency-conflict" "not-in-progress" "would-block" "invalid-state"
      "new-socket-limit" "address-not-bindable" "address-in-use" "remote-unreachable"
      "connection-refused" "connection-reset" "connection-aborted" "datagram-too-large"
      "name-unresolvable" "temporary-resolver-failure" "permanent-resolver-failure"))
    (export "error-code" (type $e (eq $enum)))
    (type $af (enum "ipv4" "ipv6")) (export "ip-address-family" (type $afe (eq $af)))))
  (alias export $net "network" (type $network))
  (alias export $net "error-code" (type $code))
  (alias export $net "ip-address-family" (type $family))
  (import "wasi:sockets/instance-network@0.2.0" (instance $inst
    (alias outer 1 $network (type $outer))
    (export "network" (type $n (eq $outer)))
    (export "instance-network" (func (result (own $n))))))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp (export "tcp-socket" (type $t (sub resource)))))
  (alias export $tcp "tcp-socket" (type $tcp-socket))
  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $tcp-create
    (alias outer 1 $code (type $oc)) (export "error-code" (type $e (eq $oc)))
    (alias outer 1 $family (type $of)) (export "ip-address-family" (type $f (eq $of)))
    (alias outer 1 $tcp-socket (type $ot)) (export "tcp-socket" (type $t (eq $ot)))
    (export "create-tcp-socket" (func (param "address-family" $f)
      (result (result (own $t) (error $e)))))))
  (import "wasi:sockets/udp@0.2.0" (instance $udp (export "udp-socket" (type $t (sub resource)))))
  (alias export $udp "udp-socket" (type $udp-socket))
  (import "wasi:sockets/udp-create-socket@0.2.0" (instance $udp-create
    (alias outer 1 $code (type $oc)) (export "error-code" (type $e (eq $oc)))
    (alias outer 1 $family (type $of)) (export "ip-address-family" (type $f (eq $of)))
    (alias outer 1 $udp-socket (type $ot)) (export "udp-socket" (type $t (eq $ot)))
    (export "create-udp-socket" (func (param "address-family" $f)
      (result (result (own $t) (error $e)))))))
  (import "wasi:sockets/ip-name-lookup@0.2.0" (instance $look
    (alias outer 1 $network (type $on)) (export "network" (type $n (eq $on)))
    (alias outer 1 $code (type $oc)) (export "error-code" (type $e (eq $oc)))
    (export "resolve-address-stream" (type $s (sub resource)))
    (export "resolve-addresses" (func (param "network" (borrow $n)) (param "name" string)
      (result (result (own $s) (error $e)))))))
  (alias export $look "resolve-address-stream" (type $resolve))

  (core module $libc
    (memory (export "memory") 16)
    (data (i32.const 16) ".file")
    (data (i32.const 32) "slow.example.com")
    (global $top (mut i32) (i32.const 500000))
    ;; The last thing given is all that is kept: reading goes over it again and again.
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (if (i32.gt_u (local.get 3) (i32.const 1024)) (then (return (i32.const 524288))))
      (global.set $top (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (local.get 3)))))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))

  (core func $directories (canon lower (func $pre "get-directories") (memory (core memory $memory))
    (realloc (core func $realloc))))
  (core func $open (canon lower (func $types "[method]descriptor.open-at")
    (memory (core memory $memory))))
  (core func $list (canon lower (func $types "[method]descriptor.read-directory")
    (memory (core memory $memory))))
  (core func $stream (canon lower (func $types "[method]descriptor.read-via-stream")
    (memory (core memory $memory))))
  (core func $resize (canon lower (func $types "[method]descriptor.set-size")
    (memory (core memory $memory))))
  (core func $read (canon lower (func $io "[method]input-stream.read")
    (memory (core memory $memory))
    (realloc (core func $realloc))))
  (core func $tcp (canon lower (func $tcp-create "create-tcp-socket")
    (memory (core memory $memory))))
  (core func $udp (canon lower (func $udp-create "create-udp-socket")
    (memory (core memory $memory))))
  (core func $network (canon lower (func $inst "instance-network")))
  (core func $resolve (canon lower (func $look "resolve-addresses") (memory (core memory $memory))))
  (core func $drop-descriptor (canon resource.drop $descriptor))
  (core func $drop-listing (canon resource.drop $listing))
  (core func $drop-input (canon resource.drop $input))
  (core func $drop-tcp (canon resource.drop $tcp-socket))
  (core func $drop-udp (canon resource.drop $udp-socket))
  (core func $drop-resolve (canon resource.drop $resolve))

  (core module $m
    (import "" "memory" (memory 16))
    (import "" "directories" (func $directories (param i32)))
    (import "" "open" (func $open (param i32 i32 i32 i32 i32 i32 i32)))
    (import "" "list" (func $list (param i32 i32)))
    (import "" "stream" (func $stream (param i32 i64 i32)))
    (import "" "resize" (func $resize (param i32 i64 i32)))
    (import "" "read" (func $read (param i32 i64 i32)))
    (import "" "tcp" (func $tcp (param i32 i32)))
    (import "" "udp" (func $udp (param i32 i32)))
    (import "" "network" (func $network (result i32)))
    (import "" "resolve" (func $resolve (param i32 i32 i32 i32)))
    (type $drop (func (param i32)))
    (import "" "drop-descriptor" (func $drop-descriptor (type $drop)))
    (import "" "drop-listing" (func $drop-listing (type $drop)))
    (import "" "drop-input" (func $drop-input (type $drop)))
    (import "" "drop-tcp" (func $drop-tcp (type $drop)))
    (import "" "drop-udp" (func $drop-udp (type $drop)))
    (import "" "drop-resolve" (func $drop-resolve (type $drop)))
    (table funcref (elem $drop-descriptor $drop-listing $drop-input $drop-tcp $drop-udp
      $drop-resolve))
    (global $directory (mut i32) (i32.const 0))
    (global $net (mut i32) (i32.const 0))
    (global $file (mut i32) (i32.const 0))
    (global $size (mut i64) (i64.const 0))
    ;; What it has: pairs of a handle and how to drop it, from 4096 on.
    (global $kept (mut i32) (i32.const 4096))
    (func $keep (param $handle i32) (param $how i32)
      (i32.store (global.get $kept) (local.get $handle))
      (i32.store offset=4 (global.get $kept) (local.get $how))
      (global.set $kept (i32.add (global.get $kept) (i32.const 8))))
    (func $dir (result i32)
      (if (i32.eqz (global.get $directory)) (then
        (call $directories (i32.const 0))
        (global.set $directory (i32.load (i32.load (i32.const 0))))))
      (global.get $directory))
    ;; Tries one thing of a kind; the answer is at 64.
    (func $try (param $kind i32)
      (if (i32.eq (local.get $kind) (i32.const 0)) (then (return
        (call $open (call $dir) (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 2)
          (i32.const 1) (i32.const 64)))))
      (if (i32.eq (local.get $kind) (i32.const 1)) (then (return
        (call $list (call $dir) (i32.const 64)))))
      (if (i32.eq (local.get $kind) (i32.const 2)) (then
        ;; A file, and a stream that begins to read from it.
        (call $open (call $dir) (i32.const 0) (i32.const 17) (i32.const 4) (i32.const 0)
          (i32.const 1) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then (return)))
        (local.set $kind (i32.load (i32.const 68)))
        (call $stream (local.get $kind) (i64.const 0) (i32.const 64))
        (call $drop-descriptor (local.get $kind))
        (call $read (i32.load (i32.const 68)) (i64.const 65536) (i32.const 80))
        (if (i32.eqz (i32.load8_u (i32.const 80)))
          (then (call $read (i32.load (i32.const 68)) (i64.const 0) (i32.const 80))))
        (if (i32.load8_u (i32.const 80)) (then (i32.store8 (i32.const 64) (i32.const 1))))
        (return)))
      (if (i32.eq (local.get $kind) (i32.const 3)) (then (return
        (call $tcp (i32.const 0) (i32.const 64)))))
      (if (i32.eq (local.get $kind) (i32.const 4)) (then (return
        (call $udp (i32.const 0) (i32.const 64)))))
      (if (i32.eq (local.get $kind) (i32.const 6)) (then
        ;; A file that grows by 1000 bytes each time.
        (if (i32.eqz (global.get $file)) (then
          (call $open (call $dir) (i32.const 0) (i32.const 17) (i32.const 4) (i32.const 9)
            (i32.const 2) (i32.const 64))
          (global.set $file (i32.load (i32.const 68)))))
        (global.set $size (i64.add (global.get $size) (i64.const 1000)))
        (call $resize (global.get $file) (global.get $size) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then
          (i32.store8 (i32.const 68) (i32.load8_u (i32.const 65)))))
        (return)))
      (if (i32.eqz (global.get $net)) (then (global.set $net (call $network))))
      (call $resolve (global.get $net) (i32.const 32) (i32.const 16) (i32.const 64)))
    (func $take (export "take") (param $kind i32) (param $n i32) (result i32) (local $done i32)
      (loop $again
        (if (i32.lt_u (local.get $done) (local.get $n)) (then
          (call $try (local.get $kind))
          (if (i32.eqz (i32.load8_u (i32.const 64))) (then
            (call $keep (i32.load (i32.const 68)) (local.get $kind))
            (local.set $done (i32.add (local.get $done) (i32.const 1)))
            (br $again))))))
      (local.get $done))
    ;; The code that the last refusal came with.
    (func (export "refusal") (result i32) (i32.load8_u (i32.const 68)))
    ;; Gives back the last that it took.
    (func (export "give") (param $n i32)
      (loop $again
        (if (i32.and (i32.ne (local.get $n) (i32.const 0))
              (i32.gt_u (global.get $kept) (i32.const 4096))) (then
          (global.set $kept (i32.sub (global.get $kept) (i32.const 8)))
          (call_indirect (type $drop) (i32.load (global.get $kept))
            (i32.load offset=4 (global.get $kept)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $again)))))
    ;; Does not live with less.
    (func (export "insist") (param $kind i32) (param $n i32)
      (if (i32.ne (call $take (local.get $kind) (local.get $n)) (local.get $n))
        (then unreachable))))
  (core instance $i (instantiate $m (with "" (instance
    (export "memory" (memory $memory))
    (export "directories" (func $directories)) (export "open" (func $open))
    (export "list" (func $list)) (export "stream" (func $stream)) (export "read" (func $read))
    (export "resize" (func $resize))
    (export "tcp" (func $tcp)) (export "udp" (func $udp)) (export "network" (func $network))
    (export "resolve" (func $resolve))
    (export "drop-descriptor" (func $drop-descriptor)) (export "drop-listing" (func $drop-listing))
    (export "drop-input" (func $drop-input)) (export "drop-tcp" (func $drop-tcp))
    (export "drop-udp" (func $drop-udp)) (export "drop-resolve" (func $drop-resolve))))))
  (func (export "take") (param "kind" u32) (param "n" u32) (result u32)
    (canon lift (core func $i "take")))
  (func (export "refusal") (result u32) (canon lift (core func $i "refusal")))
  (func (export "give") (param "n" u32) (canon lift (core func $i "give")))
  (func (export "insist") (param "kind" u32) (param "n" u32)
    (canon lift (core func $i "insist"))))
