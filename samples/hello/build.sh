#!/bin/sh
# Builds the hello sample, one static program, as a tree: OUTDIR/tree/bin/hello.
# usage: samples/hello/build.sh OUTDIR
# CC names the compiler; without it cc, clang and gcc are tried.
set -eu
umask 022
out=${1:?"usage: $0 OUTDIR"}
here=$(cd "$(dirname "$0")" && pwd)

compiler=${CC:-}
for name in cc clang gcc; do
    [ -n "$compiler" ] || ! command -v "$name" >/dev/null || compiler=$name
done
[ -n "$compiler" ] || { echo "hello: no C compiler: install gcc, or set CC" >&2; exit 1; }

rm -rf "$out/tree"
mkdir -p "$out/tree/bin"
# The source's own path must not get into the program: the same source, the same bytes.
cd "$here"
case $out in /*) ;; *) out=$OLDPWD/$out ;; esac
$compiler -std=gnu11 -Wall -Wextra -Werror -O2 -s -static -o "$out/tree/bin/hello" hello.c
find "$out/tree" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
