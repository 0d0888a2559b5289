#!/bin/sh
# Bakes the nginx sample, boots the one file and asks it for a page.
# usage: samples/nginx/demo.sh BAKE [WORKDIR]
#
# PORT names the port on this machine, 8080 without it. Ends with status 0 when the page came.
set -eu
bake=$(realpath "${1:?"usage: $0 BAKE [WORKDIR]"}")
here=$(cd "$(dirname "$0")" && pwd)
work=${2:-$here/../../.build/demo}
port=${PORT:-8080}

mkdir -p "$work"
work=$(cd "$work" && pwd)
"$here/build.sh" "$work"
"$bake" kernel fetch
cd "$work"
set -x
"$bake" -R base -R conf -R content -c "$here/rumpconfig.json" -o nginx.img
"$bake" run -p "$port:80" nginx.img >nginx.log 2>&1 &
{ set +x; } 2>/dev/null
machine=$!
trap 'kill "$machine" 2>/dev/null || true; wait "$machine" 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "demo: waiting for nginx in the machine (under TCG this takes some seconds)" >&2
waited=0
until curl -sf -m 5 -i "http://localhost:$port/" >page.txt; do
    waited=$((waited + 1))
    if ! kill -0 "$machine" 2>/dev/null || [ "$waited" -ge 120 ]; then
        echo "demo: no answer on port $port; the machine said:" >&2
        cat nginx.log >&2
        exit 1
    fi
    sleep 1
done
cat page.txt
grep -q "One file booted" page.txt
echo "demo: that page came from $work/nginx.img" >&2
