#!/usr/bin/env bash
# The compiler as run.sh wants it: only code of ours, and what it makes of generic code, tells
# libFuzzer where it went. Otherwise the compiler inside wasmtime would have it collect inputs that
# are compiled in another way.
rustc=$1
shift
case " $* " in
  *" --crate-name wasmcell "* | *" --crate-name wasmcell_fuzz "*)
    # What cargo-fuzz passes for everything.
    set -- "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
      -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
      -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
esac
exec "$rustc" "$@"
