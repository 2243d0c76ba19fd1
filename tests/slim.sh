#!/usr/bin/env bash
# Builds the library without its optional parts: it exports every function all the same, and says
# what it lacks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-target}
slim=$target/slim
cargo=${CARGO:-cargo}
mkdir -p "$slim"
# Beside the whole library, so that wasmtime is compiled once; and out of its way again.
"$cargo" build --release --locked --no-default-features
cp "$target/release/libwasmcell.so" "$slim/libwasmcell.so"
ln -sf libwasmcell.so "$slim/libwasmcell.so.$(make --no-print-directory print-ABI)"
"$cargo" build --release --locked

fail() {
  printf 'slim: %s\n' "$*" >&2
  exit 1
}
exports() { nm -D --defined-only "$1" | awk '{ print $3 }' | sort; }
grep -v '^#' tests/abi/exports.txt | sort | diff - <(exports "$slim/libwasmcell.so") ||
  fail "it exports something else than the whole library"

cc -std=c11 -O1 -g -Wall -Wextra -Werror -pthread -D_GNU_SOURCE= -Iinclude -Itests/c tests/slim.c \
  -o "$slim/slim" -L"$slim" -lwasmcell -Wl,-rpath,"$(realpath "$slim")"
"$slim/slim" tests/guests/greeter.wasm
size() { stat -c %s "$1"; }
printf 'slim: %s bytes instead of %s\n' "$(size "$slim/libwasmcell.so")" \
  "$(size "$target/release/libwasmcell.so")"
