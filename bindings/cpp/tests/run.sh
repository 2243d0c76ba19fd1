#!/usr/bin/env bash
# Every test of the C++ binding, against the library in the directory $1; about three minutes on two
# cores. Builds in a directory of its own, which $WASMCELL_CPP_BUILD may name to keep it.
# usage: run.sh LIBRARY_DIRECTORY
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
library=$(realpath "${1:?usage: run.sh LIBRARY_DIRECTORY}")/libwasmcell.so
tests=$(realpath ../../tests)
jobs=${WASMCELL_JOBS:-2}
build=${WASMCELL_CPP_BUILD:-$(mktemp -d)}
mkdir -p "$build"
[ -n "${WASMCELL_CPP_BUILD:-}" ] || trap 'rm -rf "$build"' EXIT
say() { printf -- '-- %s\n' "$*"; }
headers=$(cd include && echo wasmcell.hpp wasmcell/*.hpp)

# No file grows too large, and no header is without a test of its own.
check_files() {
  local bad=0 file name
  while read -r file; do
    [ "$(wc -l <"$file")" -le 400 ] || { echo "$file has more than 400 lines"; bad=1; }
    ! grep -nE '^.{101,}' "$file" || { echo "$file has lines of more than 100 columns"; bad=1; }
  done < <(find . -name '*.[ch]pp')
  for file in include/wasmcell/*.hpp; do
    name=$(basename "$file" .hpp)
    [ -e "tests/test_$name.cpp" ] || { echo "no tests/test_$name.cpp"; bad=1; }
    grep -q "#include <wasmcell/$name.hpp>" include/wasmcell.hpp ||
      case $name in
        # Headers behind others, which nobody includes by themselves.
        arena | callback | host | invoke | owned) ;;
        *) echo "wasmcell.hpp lacks $name.hpp" && bad=1 ;;
      esac
  done
  return "$bad"
}

# Every function of the C API is used, or wasmcell.hpp says why not.
check_complete() {
  local bad=0 function
  while read -r function; do
    grep -rqw "$function" include || { echo "nothing uses or mentions $function()"; bad=1; }
  done < <(grep "^runtime_" ../../tests/abi/exports.txt)
  return "$bad"
}

check_docs() {
  local log=$build/doxygen.log
  (cat tests/Doxyfile && echo "OUTPUT_DIRECTORY=$build/doxygen") | doxygen - >/dev/null 2>"$log" || true
  [ ! -s "$log" ] || { cat "$log"; return 1; }
}

# Each header alone, with all of clang's warnings but these:
# - for C++98, for padding, and for standard types in headers, which are no faults here;
# - for pointer arithmetic, which is what a binding to C does;
# - for enums of a newer library, which switches meet with `default`.
check_headers() {
  local off='-Wno-c++98-compat -Wno-c++98-compat-pedantic -Wno-padded -Wno-switch-enum
    -Wno-unknown-warning-option -Wno-unsafe-buffer-usage -Wno-switch-default'
  for header in $headers; do echo "$header"; done | xargs -P "$jobs" -I{} sh -c "
    echo '#include <{}>' | clang++ -x c++ -std=c++17 -Weverything -Werror $(echo $off) \
      -Iinclude -isystem ../../include -fsyntax-only - || { echo '{} is not clean'; exit 255; }"
  # With everything instantiated, in the newest dialect too.
  for standard in c++17 c++2b; do
    clang++ -std=$standard -Weverything -Werror $off -Wno-missing-prototypes -Iinclude \
      -isystem ../../include -fsyntax-only tests/odr_b.cpp
  done
}

configure() { # name, compiler, standard, flags
  local generator=()
  ! command -v ninja >/dev/null || generator=(-G Ninja)
  cmake "${generator[@]}" -S . -B "$build/$1" -DCMAKE_CXX_COMPILER="$2" -DCMAKE_CXX_STANDARD="$3" \
    -DCMAKE_CXX_FLAGS="${4:-}" -DCMAKE_UNITY_BUILD=ON -DWASMCELL_LIBRARY="$library" >/dev/null
}

make_and_test() { # name, ctest's choice, targets...
  local name=$1 choice=$2
  shift 2
  cmake --build "$build/$name" -j "$jobs" ${1:+--target "$@"} >"$build/$name.log" 2>&1 ||
    { tail -n 100 "$build/$name.log"; return 1; }
  (cd "$build/$name" && ctest --output-on-failure -R "$choice" --no-tests=error) |
    grep -vE '^( *Start |Test project|$)'
}

say "files"
check_files
check_complete
# Other versions would format a little differently.
if clang-format --version 2>/dev/null | grep -q "version 14\."; then
  find . -name '*.[ch]pp' -print0 | xargs -0 clang-format --dry-run -Werror
else
  echo "cpp/format (no clang-format 14 here)" >>"${WASMCELL_LEFT_OUT:-/dev/null}"
fi
if command -v doxygen >/dev/null; then
  check_docs
else
  echo "cpp/docs (no doxygen here)" >>"${WASMCELL_LEFT_OUT:-/dev/null}"
fi

say "headers, with all warnings"
check_headers

say "what must not compile"
tests/must_not_compile.sh g++

say "C++17, g++: everything"
configure gxx17 g++ 17
make_and_test gxx17 .

say "C++23, g++: std::expected in place of our own"
configure gxx23 g++ 23
make_and_test gxx23 'unit-tests|odr|bare' unit-tests odr bare

say "C++20, clang++"
configure clang20 clang++ 20
make_and_test clang20 'odr|bare|conformance' odr bare conformance

say "C++20, g++, with AddressSanitizer and UndefinedBehaviorSanitizer"
# wasmtime handles the signals of traps itself; the sanitizer would take them for crashes.
export ASAN_OPTIONS=handle_segv=0:handle_sigill=0:handle_sigfpe=0:handle_sigbus=0:detect_leaks=1
export UBSAN_OPTIONS=print_stacktrace=1
configure sanitized g++ 20 '-fsanitize=address,undefined -fno-sanitize-recover=all -g1'
make_and_test sanitized 'unit-tests|odr|conformance' unit-tests odr conformance
nm "$build/sanitized/tests/unit-tests" | grep __asan_init >/dev/null || { echo "no sanitizer"; exit 1; }

say "the other dialects"
for dialect in 'g++ -std=c++20' 'clang++ -std=c++17' 'clang++ -std=c++2b'; do
  $dialect -Wall -Wextra -Wpedantic -Werror -fno-exceptions -fno-rtti -pthread -Iinclude \
    -isystem ../../include tests/bare.cpp "$library" -Wl,-rpath,"$(dirname "$library")" \
    -o "$build/bare"
  "$build/bare" "$tests"
done
say "the C++ binding is well"
