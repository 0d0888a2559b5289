#!/bin/sh
# Makes the three trees of the nginx sample, without root and without installing anything:
#
#     OUTDIR/base      nginx and what it needs, out of Debian's packages
#     OUTDIR/conf      /data/conf: its configuration
#     OUTDIR/content   /data/www: what it serves
#
# usage: samples/nginx/build.sh OUTDIR
# The same package versions give the same trees, byte for byte, times included; OUTDIR/packages
# lists the versions. Needs apt-get, dpkg-deb, and the network for the packages.
set -eu
umask 022
export LC_ALL=C
packages="nginx nginx-common libc6 libcrypt1 libpcre2-8-0 libssl3 zlib1g"

mkdir -p "${1:?"usage: $0 OUTDIR"}"
out=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$out/.work

# The system's sources, keys and proxies, but lists and downloads of our own.
apt() {
    tool=$1
    shift
    "$tool" -q -c "$out/.apt/apt.conf" -o APT::Architecture=amd64 -o APT::Sandbox::User=root \
        -o Acquire::Languages=none -o Acquire::Retries=2 \
        -o "Dir::State=$out/.apt" -o "Dir::State::lists=$out/.apt/lists" \
        -o "Dir::State::status=$out/.apt/status" -o "Dir::Cache=$out/.apt/cache" "$@"
}

# Runs quietly; what was said appears when it failed.
quietly() {
    "$@" >"$out/.apt/log" 2>&1 && return
    cat "$out/.apt/log" >&2
    echo "nginx: failed: $*" >&2
    exit 1
}

rm -rf "$work"
mkdir -p "$work/debs" "$work/all" "$out/.apt/lists/partial" "$out/.apt/cache/archives/partial"
: >"$out/.apt/status"
cat >"$out/.apt/apt.conf" <<EOF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
APT::Architectures { "amd64"; };
EOF

echo "nginx: reading the package lists" >&2
quietly apt apt-get update
echo "nginx: downloading $packages" >&2
# shellcheck disable=SC2086
(cd "$work/debs" && quietly apt apt-get download $packages)
for deb in "$work"/debs/*.deb; do
    dpkg-deb -x "$deb" "$work/all"
done
for deb in "$work"/debs/*.deb; do
    dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb"
done | sort >"$out/packages"

# nginx and the libraries its loader finds for it, each link with the file it points to.
wanted() {
    echo usr/sbin/nginx
    echo lib64/ld-linux-x86-64.so.2
    echo etc/nginx/mime.types
    find usr/share/doc -name copyright
    lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 \
        --library-path "$PWD/lib/x86_64-linux-gnu:$PWD/usr/lib/x86_64-linux-gnu" \
        --list usr/sbin/nginx | sed -n "s|.*=> $PWD/\(.*\) (0x.*|\1|p"
}
cd "$work/all"
mkdir "$work/base"
wanted >"$work/wanted"
grep -q libc.so.6 "$work/wanted" || { echo "nginx: its libraries were not found" >&2; exit 1; }
while read -r file; do
    cp -P -p --parents "$file" "$work/base"
    if [ -h "$file" ]; then
        target=$(readlink "$file")
        case $target in /*) target=${target#/} ;; *) target=${file%/*}/$target ;; esac
        cp -P -p --parents "$target" "$work/base"
    fi
done <"$work/wanted"

cp -R "$here/conf" "$here/content" "$work"
chmod -R u=rwX,go=rX "$work/base" "$work/conf" "$work/content"
# What is not from a package gets the program's own time: pages have a date that makes sense.
time=$(stat -c %Y "$work/base/usr/sbin/nginx")
find "$work/base" -type d -exec touch -d "@$time" {} +
find "$work/conf" "$work/content" -exec touch -h -d "@$time" {} +

for tree in base conf content; do
    rm -rf "${out:?}/$tree"
    mv "$work/$tree" "$out/$tree"
done
rm -rf "$work"
echo "nginx: $out/base, $out/conf and $out/content are ready" >&2
