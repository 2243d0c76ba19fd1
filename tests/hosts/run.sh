#!/usr/bin/env bash
# Builds the modules for nginx, PostgreSQL and SQLite in examples-c/hosts as their authors would,
# against the library in LIBDIR, and runs them in the real servers: on loopback, in a folder of
# their own, stopped by their process ids. Then Python, which loads the library by ctypes, and an
# addon for Node where that is installed. About a minute on two cores.
# usage: run.sh LIBDIR [nginx] [postgresql] [sqlite] [python] [node]
set -euo pipefail
lib=$(realpath "${1:?usage: run.sh LIBDIR [HOST...]}")
shift
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD hosts=$PWD/examples-c/hosts

# Other users run the servers, so everything lies where all may look.
stage=$(mktemp -d /tmp/wasmcell-hosts.XXXXXX)
trap 'rm -rf "$stage"' EXIT
chmod 755 "$stage"
cp "$lib/libwasmcell.so" "$stage/libwasmcell.so.0"
ln -s libwasmcell.so.0 "$stage/libwasmcell.so"
cat >"$stage/wasmcell.pc" <<PC
includedir=$root/include
Name: wasmcell
Description: as built
Version: 0
Cflags: -I\${includedir}
Libs: -L$stage -lwasmcell -Wl,-rpath,$stage
PC
export PKG_CONFIG_PATH=$stage WASMCELL_STAGE=$stage PYTHONDONTWRITEBYTECODE=1
say() { printf -- '-- %s\n' "$*"; }

quietly() { # command...
  "$@" >"$stage/log" 2>&1 || {
    cat "$stage/log" >&2
    exit 1
  }
}

# Debian's Python has SQLite's extensions, others may not.
python=$([ -x /usr/bin/python3 ] && echo /usr/bin/python3 || echo python3)

run_nginx() {
  local source=/usr/share/nginx/src
  (
    . $source/conf_flags
    cd $source
    quietly ./configure "${NGX_CONF_FLAGS[@]}" --with-cc-opt="-O2 -fPIC" --with-ld-opt=-fPIC \
      --add-dynamic-module="$hosts/nginx" --builddir="$stage/nginx"
    quietly make -f "$stage/nginx/Makefile" modules
  )
  "$python" tests/hosts/nginx.py
}

run_postgresql() {
  local system=$stage/postgresql/system folder
  # A PostgreSQL of its own to install into: it finds its folders by where its programs are.
  for folder in $(pg_config --bindir --pkglibdir --sharedir); do
    mkdir -p "$system$folder"
    cp -rs "$folder/." "$system$folder"
  done
  WASMCELL_PG_BIN=$system$(pg_config --bindir)
  export WASMCELL_PG_BIN
  cp -L --remove-destination "$(pg_config --bindir)"/{initdb,postgres} "$WASMCELL_PG_BIN"
  quietly make -C "$stage/postgresql" -f "$hosts/postgresql/Makefile" VPATH="$hosts/postgresql" \
    with_llvm=no DESTDIR="$system" all install
  "$python" tests/hosts/postgresql.py
}

run_sqlite() {
  mkdir "$stage/sqlite"
  cc -O2 -Wall -Wextra -Werror -shared -fPIC "$hosts/sqlite/wasmcell.c" \
    -o "$stage/sqlite/wasmcell.so" $(pkg-config --cflags --libs wasmcell)
  "$python" tests/hosts/sqlite.py
}

run_python() {
  "$python" tests/hosts/python.py
}

run_node() {
  local node include
  node=$(realpath "$(command -v node || echo /usr/bin/node)")
  include=${node%/bin/node}/include/node
  [ -e "$include/node_api.h" ] || {
    echo "   not run: there is no Node with its headers here"
    echo "hosts/node (no Node with its headers here)" >>"${WASMCELL_LEFT_OUT:-/dev/null}"
    return
  }
  mkdir "$stage/node"
  cc -std=c11 -O2 -Wall -Wextra -Werror -shared -fPIC -I"$include" tests/hosts/node.c \
    -o "$stage/node/wasmcell.node" $(pkg-config --cflags --libs wasmcell)
  timeout 120 node tests/hosts/node.js "$stage/node/wasmcell.node"
}

[ $# -gt 0 ] || set -- nginx postgresql sqlite python node
for host; do
  say "$host"
  "run_$host"
done
