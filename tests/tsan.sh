#!/usr/bin/env bash
# Runs tests/stress.rs under ThreadSanitizer, which finds data races. It needs the standard library
# and all dependencies compiled for it, so it needs nightly Rust with its source:
#     rustup toolchain install nightly --component rust-src
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! [ -d "$(rustc +nightly --print sysroot 2>/dev/null)/lib/rustlib/src/rust" ]; then
  echo "tsan: not run, because there is no nightly Rust with its source here. To install it:"
  echo "    rustup toolchain install nightly --component rust-src"
  exit 1
fi

host=$(rustc +nightly -vV | sed -n 's/^host: //p')
echo "== compiling wasmtime and the standard library for ThreadSanitizer (the first time)"
begin=$SECONDS
export RUSTFLAGS=-Zsanitizer=thread
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp halt_on_error=0 second_deadlock_stack=1"
# For the tests only. A directory and a target of its own, so that build scripts are not affected.
test=(cargo +nightly test --release --locked -Zbuild-std --target "$host" --target-dir target/tsan
  --test stress)
"${test[@]}" --no-run
echo "== compiled in $((SECONDS - begin)) s"
exec "${test[@]}" -- --test-threads=1 "$@"
