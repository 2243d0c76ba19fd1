#!/usr/bin/env bash
# Installs into a scratch directory and builds a program from there, as a user would: with
# pkg-config, with CMake, and against the static library.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/tree
guest=$PWD/tests/guests/greeter.wasm
say() { printf -- '-- %s\n' "$*"; }

fail() {
  printf 'install: %s\n' "$*" >&2
  exit 1
}

greets() { # program
  local answer
  # The program in C++ says more.
  answer=$(cd "$scratch" && env -u LD_LIBRARY_PATH "$1" "$guest" | head -n 1) ||
    fail "$1 does not run"
  [ "$answer" = "Hello, world!" ] || fail "$1 says: $answer"
}

make --no-print-directory install DESTDIR="$tree" PREFIX=/usr >/dev/null
version=$(make --no-print-directory print-VERSION)
abi=$(make --no-print-directory print-ABI)
cp examples-c/01-hello.c "$scratch/hello.c"
cp bindings/cpp/examples/01-hello.cpp "$scratch/hello.cpp"

say "pkg-config"
export PKG_CONFIG_SYSROOT_DIR=$tree PKG_CONFIG_LIBDIR=$tree/usr/lib/pkgconfig
[ "$(pkg-config --modversion wasmcell)" = "$version" ] || fail "wasmcell.pc has another version"
cc -o "$scratch/shared" "$scratch/hello.c" $(pkg-config --cflags --libs wasmcell) \
  -Wl,-rpath,"$tree/usr/lib"
readelf -d "$scratch/shared" | grep -q "NEEDED.*libwasmcell.so.$abi\]" ||
  fail "the program does not ask for libwasmcell.so.$abi"
greets "$scratch/shared"
c++ -std=c++17 -o "$scratch/shared-cpp" "$scratch/hello.cpp" \
  $(pkg-config --cflags --libs wasmcell) -Wl,-rpath,"$tree/usr/lib"
greets "$scratch/shared-cpp"

say "CMake"
mkdir "$scratch/cmake"
cat >"$scratch/cmake/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(consumer C CXX)
find_package(wasmcell 0.1 REQUIRED)
add_executable(consumer ../hello.c)
target_link_libraries(consumer PRIVATE wasmcell::wasmcell)
add_executable(consumer-cpp ../hello.cpp)
target_link_libraries(consumer-cpp PRIVATE wasmcell::cpp)
CMAKE
cmake -S "$scratch/cmake" -B "$scratch/cmake/build" -DCMAKE_PREFIX_PATH="$tree/usr" >/dev/null
cmake --build "$scratch/cmake/build" >/dev/null
greets "$scratch/cmake/build/consumer"
greets "$scratch/cmake/build/consumer-cpp"

say "CMake, from the checkout"
mkdir "$scratch/subdirectory"
cat >"$scratch/subdirectory/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.16)
project(consumer CXX)
set(WASMCELL_LIBRARY "$tree/usr/lib/libwasmcell.so")
add_subdirectory("$PWD/bindings/cpp" wasmcell)
add_executable(consumer ../hello.cpp)
target_link_libraries(consumer PRIVATE wasmcell::cpp)
CMAKE
cmake -S "$scratch/subdirectory" -B "$scratch/subdirectory/build" >/dev/null
cmake --build "$scratch/subdirectory/build" >/dev/null
greets "$scratch/subdirectory/build/consumer"

say "static"
cc -o "$scratch/static" "$scratch/hello.c" $(pkg-config --cflags wasmcell) \
  "$tree/usr/lib/libwasmcell.a" $(make --no-print-directory print-LIBS_PRIVATE)
if readelf -d "$scratch/static" | grep -q 'NEEDED.*libwasmcell'; then
  fail "the static program wants the shared library"
fi
greets "$scratch/static"

if command -v go >/dev/null; then
  say "Go"
  mkdir "$scratch/go"
  cp bindings/go/examples/demo/main.go "$scratch/go"
  cat >"$scratch/go/go.mod" <<MOD
module consumer

go 1.24

require github.com/wasmcell/wasmcell/bindings/go v0.0.0

replace github.com/wasmcell/wasmcell/bindings/go => $PWD/bindings/go
MOD
  (cd "$scratch/go" && GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_LDFLAGS="-Wl,-rpath,$tree/usr/lib" \
    go build -o "$scratch/consumer")
  env -u LD_LIBRARY_PATH "$scratch/consumer" tests/guests |
    diff bindings/go/examples/demo/expected.txt - || fail "the Go program says something else"
fi

say "uninstall"
make --no-print-directory uninstall DESTDIR="$tree" PREFIX=/usr >/dev/null
left=$(find "$tree" -not -type d)
[ -z "$left" ] || fail "uninstall leaves $left"
say "installed tree of wasmcell $version is usable"
