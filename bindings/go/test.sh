#!/usr/bin/env bash
# Runs the tests of the Go binding against the library in LIBDIR, which need not be installed:
# plainly with its benchmarks once, under the race detector, with cgo's own checks, with a collector
# that never rests, and against the static library. About four minutes on two cores.
set -euo pipefail
lib=$(realpath "${1:?usage: test.sh LIBDIR}")
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(realpath ../..)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/wasmcell.pc" <<PC
Name: wasmcell
Description: as built
Version: 0
Cflags: -I$root/include
Libs: -L$lib -lwasmcell -Wl,-rpath,$lib
PC
export PKG_CONFIG_PATH=$scratch GOTOOLCHAIN=local GOFLAGS="${GOFLAGS:-} -count=1"
say() { printf -- '-- %s\n' "$*"; }

say "gofmt, go vet"
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || {
  echo "gofmt would change: $unformatted" >&2
  exit 1
}
GOFLAGS='' go vet ./...
GOFLAGS='' go vet -tags wasmcell_gc ./...

say "tests, examples and benchmarks"
go test -bench . -benchtime 100x ./...
say "the demo"
GOFLAGS='' go run ./examples/demo "$root/tests/guests" | diff - examples/demo/expected.txt
say "with the race detector"
go test -race ./...
say "with cgo's checks"
GOEXPERIMENT=cgocheck2 go test ./...
say "with a collector that never rests"
GOGC=1 go test -tags wasmcell_gc ./...
say "with the static library"
export CGO_CFLAGS="-I$root/include" CGO_LDFLAGS="-L$lib"
go test -tags wasmcell_static ./...
GOFLAGS='' go build -tags wasmcell_static -o "$scratch/demo" ./examples/demo
if readelf -d "$scratch/demo" | grep 'NEEDED.*libwasmcell'; then
  echo "the static program wants the shared library" >&2
  exit 1
fi
