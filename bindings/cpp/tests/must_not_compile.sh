#!/usr/bin/env bash
# Compiles each case of must_not_compile.cpp and wants it refused for the reason that stands there.
# usage: must_not_compile.sh COMPILER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export compiler=$1 flags='-std=c++17 -Werror -I../include -isystem ../../../include'

# The headers are read once, for all cases.
scratch=$(mktemp -d)
export scratch
trap 'rm -rf "$scratch"' EXIT
cp types.hpp "$scratch"
"$compiler" $flags -x c++-header types.hpp -o "$scratch/types.hpp.gch"

compile() { # case
  "$compiler" $flags -fsyntax-only -Wno-unused-variable -DCASE="$1" -include "$scratch/types.hpp" \
    must_not_compile.cpp 2>&1
}

refused() { # case, reason
  local said
  if said=$(compile "$1"); then
    echo "case $1 compiles" >&2
  elif ! grep -qE "$2" <<<"$said"; then
    printf 'case %s is refused for another reason than "%s":\n%s\n' "$1" "$2" "$said" >&2
  else
    return 0
  fi
  exit 1
}
export -f compile refused

if ! said=$(compile 0); then
  printf 'case 0 has to compile:\n%s\n' "$said" >&2
  exit 1
fi
cases=$(sed -n 's|^#elif CASE == \([0-9]*\)  *// \(.*\)$|\1\t\2|p' must_not_compile.cpp)
[ "$(wc -l <<<"$cases")" -eq "$(grep -c '^#elif' must_not_compile.cpp)" ] ||
  { echo "a case has no reason" >&2; exit 1; }
tr '\t\n' '\0\0' <<<"$cases" |
  xargs -0 -n 2 -P "${WASMCELL_JOBS:-2}" bash -c 'refused "$1" "$2"' bash
