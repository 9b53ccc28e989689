#!/usr/bin/env bash
# Push mfs_shell, a bundle and pictures to a phone, run it there, pull what it made -> output/.
#
#     deploy/shell/run.sh bundle.zip source.jpg target.jpg [options of mfs_shell, as --device gpu --repeats 50]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

fail() {
    echo "error: $*" >&2
    exit 2
}

[ $# -ge 3 ] || fail "give a bundle, a source and a target: run.sh BUNDLE SOURCE TARGET [options]"
bundle=$1 source=$2 target=$3
shift 3
build=${MFS_BUILD:-$here/build} folder=/data/local/tmp/mfs output=${MFS_OUTPUT:-output}
for file in "$bundle" "$source"; do [ -f "$file" ] || fail "$file: no such file"; done
[ -e "$target" ] || fail "$target: no such file or folder"
[ -f "$build/mfs_shell" ] || fail "$build/mfs_shell is missing; run build.sh first"
command -v adb >/dev/null || fail "adb not found; install Android's platform tools"
[ "$(adb get-state 2>/dev/null)" = device ] || fail "no phone; connect one, allow USB debugging on it, and see adb devices"
abi=$(adb shell getprop ro.product.cpu.abi | tr -d '\r')
[ "$abi" = arm64-v8a ] || fail "the phone is $abi, mfs_shell is for arm64-v8a"

adb shell "rm -rf $folder/run && mkdir -p $folder/run"
adb push "$build/mfs_shell" $folder/ >/dev/null
for library in "$build"/*.so; do
    if [ -f "$library" ]; then adb push "$library" $folder/ >/dev/null; fi
done
adb push "$bundle" $folder/run/bundle.zip >/dev/null
# The names are kept: they are in what the outputs say of themselves.
adb push "$source" "$folder/run/$(basename "$source")" >/dev/null
adb push "$target" "$folder/run/$(basename "$target")" >/dev/null
status=0
adb shell "cd $folder/run && chmod 755 ../mfs_shell && LD_LIBRARY_PATH=$folder ../mfs_shell --bundle bundle.zip \
    --source '$(basename "$source")' --target '$(basename "$target")' --cache $folder --output output $*" || status=$?
[ $status = 0 ] || exit $status
mkdir -p "$output"
adb pull $folder/run/output/. "$output" >/dev/null
echo "pulled to $output"
