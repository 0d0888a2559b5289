#!/bin/sh
# Builds the boot stub: build.sh OUT, for instance build.sh .build/stub/boot-stub.bin.
#
# The C files are compiled twice, because loaders enter with the processor in 32-bit or in 64-bit
# mode; the 32-bit half is included in the 64-bit one as bytes. The compiler and linker are those
# of the Swift toolchain, unless CC and LD name others (they must be clang and ld.lld).
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 OUT" >&2
    exit 64
fi
here=$(cd "$(dirname "$0")" && pwd)

toolchain=$(dirname "$(readlink -f "$(command -v swift || echo /usr/bin/swift)")")
CC=${CC:-$toolchain/clang}
LD=${LD:-$toolchain/ld.lld}

sizes="-DSTACK_SIZE=2048 -DWORKSPACE_SIZE=3072"
flags="$sizes -std=c17 -Oz -Wall -Wextra -Werror -ffreestanding -fno-builtin -fPIE
       -fvisibility=hidden -ffunction-sections -fno-stack-protector -fno-jump-tables
       -fno-asynchronous-unwind-tables -mno-red-zone -mgeneral-regs-only"
sources="hand_over command_line e820 setup_data setup_header memory console"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() { # BITS TARGET
    for source in $sources; do
        # shellcheck disable=SC2086 # flags are words
        "$CC" --target="$2" $flags -c "$here/$source.c" -o "$work/$source$1.o"
    done
}

link() { # EMULATION ENTRY RESULT OBJECT...
    emulation=$1 entry=$2 result=$3
    shift 3
    "$LD" -m "$emulation" -pie --no-dynamic-linker -z text -T "$here/stub.ld" \
        --oformat binary -e "$entry" -o "$result" "$@"
}

objects() { # BITS
    for source in $sources; do echo "$work/$source$1.o"; done
}

compile 32 i686-unknown-none-elf
# shellcheck disable=SC2046 # object names are words, without spaces
link elf_i386 hand_over "$work/stub32.bin" $(objects 32)
compile 64 x86_64-unknown-none-elf
# shellcheck disable=SC2086
"$CC" --target=x86_64-unknown-none-elf $sizes -Wa,-I"$work" -c "$here/entry.S" -o "$work/entry.o"
# shellcheck disable=SC2046
link elf_x86_64 payload "$work/stub.bin" "$work/entry.o" $(objects 64)

mkdir -p "$(dirname "$1")"
cp "$work/stub.bin" "$1"
