#!/usr/bin/env bash
# Every test, one after the other, and a summary, whose last line says what this machine could not
# run. `make test` calls it when the library is built. A step that leaves something out appends a line
# to the file $WASMCELL_LEFT_OUT.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo=${CARGO:-cargo}
summary=()
failed=()
logs=$(mktemp -d)
WASMCELL_LEFT_OUT=$logs/left-out
: >"$WASMCELL_LEFT_OUT"
export WASMCELL_LEFT_OUT
trap 'rm -rf "$logs"' EXIT

step() { # name, command...
  local name=$1 begin=$SECONDS result=ok
  shift
  printf '\n== %s: %s\n' "$name" "$*"
  if ! "$@" 2>&1 | tee "$logs/$name"; then
    result=FAILED
    failed+=("$name")
  fi
  summary+=("$(printf '%-10s %-12s %4ds' "$result" "$name" $((SECONDS - begin)))")
}

optional() { # name, package, probe, then as step
  if eval "$3" >/dev/null 2>&1; then
    step "$1" "${@:4}"
  else
    summary+=("$(printf '%-10s %-12s no %s here' skipped "$1" "$2")")
    echo "$1 (no $2 here)" >>"$WASMCELL_LEFT_OUT"
  fi
}

optional format rustfmt "$cargo fmt --version" "$cargo" fmt --all --check
optional lint clippy "$cargo clippy --version" \
  "$cargo" clippy --release --locked --workspace --all-targets -- -D warnings
step docs env RUSTDOCFLAGS="-D warnings" "$cargo" doc --release --locked --no-deps
step tests "$cargo" test --release --locked --workspace --no-fail-fast
optional miri "cargo miri" "$cargo miri --version || $cargo +nightly miri --version" tests/miri.sh
step examples make --no-print-directory -C examples-c check ${LIB:+"LIB=$LIB"}
step install tests/install.sh
optional hosts "nginx-dev, PostgreSQL and SQLite" \
  '[ -e /usr/share/nginx/src/conf_flags ] && [ -e /usr/include/sqlite3ext.h ] &&
    [ -x "$(pg_config --bindir)/initdb" ] && [ -e "$(pg_config --includedir-server)/postgres.h" ]' \
  tests/hosts/run.sh "${LIB:-${CARGO_TARGET_DIR:-target}/release}"
step cpp bindings/cpp/tests/run.sh "${LIB:-${CARGO_TARGET_DIR:-target}/release}"
optional go "Go 1.24" "go version | grep -qE 'go1\.(2[4-9]|[3-9][0-9])'" bindings/go/test.sh "${LIB:-${CARGO_TARGET_DIR:-target}/release}"

# Once more, at the end, where nobody has to look for it.
for name in "${failed[@]}"; do
  printf '\n== what failed: %s\n' "$name"
  awk '/^failures:$/ { found = 1 } found' "$logs/$name" | head -n 150
  tail -n 25 "$logs/$name"
done

printf '\n== summary\n'
printf '%s\n' "${summary[@]}"
left=$(paste -sd ';' "$WASMCELL_LEFT_OUT" | sed 's/;/; /g')
printf '== left out: %s. Not part of it: make tsan, fuzz, soak, bench, large\n' "${left:-nothing}"
[ ${#failed[@]} -eq 0 ]
