#!/usr/bin/env bash
# Builds the components that people write in Python and JavaScript, 18 and 12 MB each, so never
# committed, and runs them: `make large`. Needs pip and npm; some 400 MB of tools and five minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
out=$(realpath -m "${1:?usage: build.sh DIRECTORY LIBRARY_DIRECTORY}")
lib=$(realpath -m "${2:?usage: build.sh DIRECTORY LIBRARY_DIRECTORY}")
root=$(realpath ../../..)
mkdir -p "$out"

if [ ! -e "$out/python.wasm" ]; then
  echo "== building the greeter in Python"
  python3 -m venv "$out/python"
  "$out/python/bin/pip" install -q componentize-py==0.25.1
  rm -rf "$out/wit" && mkdir "$out/wit"
  # componentize-py reads one world; the rest of the package names interfaces it does not know.
  printf 'package wasmcell:test@0.1.0;\nworld greeter {\n  export greet: func(name: string) -> string;\n}\n' \
    > "$out/wit/greeter.wit"
  "$out/python/bin/componentize-py" -d "$out/wit" -w greeter componentize -p . greeter -o "$out/python.wasm"
fi
if [ ! -e "$out/javascript.wasm" ]; then
  echo "== building the greeter in JavaScript"
  rm -rf "$out/javascript" && mkdir "$out/javascript"
  (cd "$out/javascript" && npm install --silent --no-save @bytecodealliance/componentize-js@0.23.0)
  # Without http and fetch it imports only what wasmcell provides.
  "$out/javascript/node_modules/.bin/componentize-js" greeter.js -w "$out/wit" -n greeter \
    -d http -d fetch-event \
    -o "$out/javascript.wasm"
fi

cc -O2 -I"$root/include" run.c -L"$lib" -lwasmcell -Wl,-rpath,"$lib" -o "$out/run"
for guest in python javascript; do
  "$out/run" "$out/$guest.wasm"
done
