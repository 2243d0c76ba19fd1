#!/usr/bin/env bash
# Compiles each case of must_not_compile.cpp and wants it refused for the reason that stands there.
# usage: must_not_compile.sh COMPILER...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

compile() { # case
  "$@" -std=c++17 -fsyntax-only -Werror -Wno-unused-variable -DCASE="$case" -I../include \
    -isystem ../../../include must_not_compile.cpp 2>&1
}

status=0
count=0
case=0
if ! said=$(compile "$@"); then
  printf 'case 0 has to compile:\n%s\n' "$said" >&2
  exit 1
fi
while read -r case reason; do
  count=$((count + 1))
  if said=$(compile "$@"); then
    echo "case $case compiles" >&2
    status=1
  elif ! grep -qE "$reason" <<<"$said"; then
    printf 'case %s is refused for another reason than "%s":\n%s\n' "$case" "$reason" "$said" >&2
    status=1
  fi
done < <(sed -n 's|^#elif CASE == \([0-9]*\)  // \(.*\)$|\1 \2|p' must_not_compile.cpp)
[ "$count" -gt 0 ] || { echo "no cases" >&2; exit 1; }
exit "$status"
