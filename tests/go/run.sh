#!/usr/bin/env bash
# Runs the Go test against the library in $1, with a collector that never rests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
lib=$(realpath "${1:?usage: run.sh LIBRARY_DIRECTORY}")
root=$(realpath ../..)
export CGO_CFLAGS="-I$root/include" CGO_LDFLAGS="-L$lib -lwasmcell -Wl,-rpath,$lib"
export GOFLAGS=-mod=mod GOTOOLCHAIN=local
GOGC=1 go test -count=1 ./...
