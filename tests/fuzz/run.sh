#!/usr/bin/env bash
# Builds the fuzz targets with AddressSanitizer and runs each for a while: run.sh [seconds].
# Any Rust will do: RUSTC_BOOTSTRAP lets a stable one use what only nightly may. Where cargo-fuzz is
# installed, it builds them too: `cargo +nightly fuzz run --fuzz-dir tests/fuzz values`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=${1:-120}
read -ra targets <<< "${TARGETS:-values memory links}"
cargo=${CARGO:-cargo}
# A directory of its own, since everything is compiled in another way.
out=$PWD/target/fuzz
corpus=$PWD/target/fuzz-corpus

host=$(rustc -vV | sed -n 's/^host: //p')
begin=$SECONDS
echo "== building ${targets[*]}: the first time cargo compiles wasmtime too, about half an hour"
# Not --locked: what the library depends on changes without this lock file.
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" RUSTC_WRAPPER=$PWD/tests/fuzz/rustc.sh \
  "$cargo" build --release --manifest-path tests/fuzz/Cargo.toml --target "$host" \
  --target-dir "$out" "${targets[@]/#/--bin=}"
echo "== built in $((SECONDS - begin)) s"

# To begin with; libFuzzer itself begins with nothing, and would take hours to come to long inputs.
seeds() { # directory
  local i
  for i in {1..60}; do
    head -c $((RANDOM % 700)) /dev/urandom > "$1/random-$i"
  done
  # `give`, of lists of lists of lists of lists of bytes, all of them in the same memory.
  { printf '\0\4\15\15\15\15\2\0\0\0\0\0'; printf '\0\0\0\0\74\0\0\0%.0s' {1..60}; } > "$1/lists"
}

# Positions on the stack are compared with its end, so no frame may be anywhere else.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_odr_violation=0:detect_stack_use_after_return=0}
for target in "${targets[@]}"; do
  [ -d "$corpus/$target" ] || { mkdir -p "$corpus/$target" && seeds "$corpus/$target"; }
  echo "== $target for $seconds s; inputs that fail: $corpus/$target-*"
  # Leaks are looked for at the end, since that takes longer than an input. Other work on the
  # machine may hold an input up.
  "$out/$host/release/$target" -max_total_time="$seconds" -max_len=1024 -len_control=0 \
    -detect_leaks=0 -timeout=120 -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="$corpus/$target-" "$corpus/$target"
done
