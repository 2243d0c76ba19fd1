#!/usr/bin/env bash
# Runs tests/stress.rs under ThreadSanitizer, which finds data races. It needs the standard library
# and all dependencies compiled for it, so it needs nightly Rust with its source:
#     rustup toolchain install nightly --component rust-src
# Compiling takes ten to twenty minutes on two cores the first time, and the test two minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! [ -d "$(rustc +nightly --print sysroot 2>/dev/null)/lib/rustlib/src/rust" ]; then
  echo "tsan: not run, because there is no nightly Rust with its source here. To install it:" >&2
  echo "    rustup toolchain install nightly --component rust-src" >&2
  exit 1
fi

# The handler of a guest's trap allocates, which is fine for a signal that the guest's own
# instruction raised: it interrupts no malloc().
export TSAN_OPTIONS="report_signal_unsafe=0 second_deadlock_stack=1"
# wasmtime maps and unmaps stacks and memories by crate rustix, whose own system calls
# ThreadSanitizer does not see: an address that comes back would be one that two threads use.
export RUSTFLAGS="-Zsanitizer=thread --cfg=rustix_use_libc"
export WASMCELL_STRESS=${WASMCELL_STRESS:-3000}

# A directory and an explicit target of its own, so that build scripts are not affected.
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
test=(cargo +nightly test --release --locked -Zbuild-std --target "$host" --target-dir target/tsan
  --test stress)
begin=$SECONDS
"${test[@]}" --no-run
echo "== compiled in $((SECONDS - begin)) s"

exec "${test[@]}" -- --test-threads=1 "$@"
