#!/usr/bin/env bash
# Runs the tests of the boundary helpers and callbacks under Miri, which finds
# undefined behaviour that happens to work. Miri comes with nightly Rust only:
#     rustup toolchain install nightly --component miri,rust-src
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if cargo miri --version >/dev/null 2>&1; then
  miri=(cargo miri)
elif cargo +nightly miri --version >/dev/null 2>&1; then
  miri=(cargo +nightly miri)
else
  echo "miri: not run, because this machine's Rust has no \`cargo miri\`. To install it:"
  echo "    rustup toolchain install nightly --component miri,rust-src"
  exit 1
fi

# Isolation off: the tests of callbacks use threads and clocks. A directory of its own: Miri
# compiles the dependencies in its own way.
export MIRIFLAGS="${MIRIFLAGS:--Zmiri-disable-isolation}"
# By default what takes seconds; `tests/miri.sh marshal` takes minutes more.
exec "${miri[@]}" test --lib --target-dir target/miri -- capi::boundary capi::callback "$@"
