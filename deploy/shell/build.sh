#!/usr/bin/env bash
# Build mfs_shell for Android with the NDK -> build/mfs_shell (arm64-v8a).
#
#     ANDROID_NDK_HOME=~/android-ndk-r25c PADDLE_LITE_DIR=~/paddle_lite deploy/shell/build.sh
#
# PADDLE_LITE_DIR: a folder with include/paddle_api.h and libs/arm64-v8a/libpaddle_light_api_shared.so, as the app keeps them
# (default: ../android/app/PaddleLite/cxx).
set -euo pipefail
cd "$(dirname "$0")"

fail() {
    echo "error: $*" >&2
    exit 2
}

abi=arm64-v8a
ndk=${ANDROID_NDK_HOME:-${ANDROID_NDK_ROOT:-}}
lite=${PADDLE_LITE_DIR:-../android/app/PaddleLite/cxx}
[ -n "$ndk" ] || fail "ANDROID_NDK_HOME is not set; name the folder of the NDK (r21 or newer)"
[ -f "$ndk/build/cmake/android.toolchain.cmake" ] || fail "$ndk: no NDK there (build/cmake/android.toolchain.cmake is missing)"
command -v cmake >/dev/null || fail "cmake not found; install it (3.18 or newer)"
[ -f "$lite/include/paddle_api.h" ] || fail "$lite: no Paddle-Lite there (include/paddle_api.h is missing); set PADDLE_LITE_DIR, see README.md"
[ -f "$lite/libs/$abi/libpaddle_light_api_shared.so" ] || fail "$lite/libs/$abi: libpaddle_light_api_shared.so is missing; see README.md"

# Shared libraries of pages of 16 KB, as Google Play wants them; an executable with them runs on phones of either size.
cmake -S . -B build \
    -DCMAKE_TOOLCHAIN_FILE="$ndk/build/cmake/android.toolchain.cmake" \
    -DANDROID_ABI=$abi -DANDROID_PLATFORM=android-24 -DANDROID_STL=c++_static \
    -DCMAKE_EXE_LINKER_FLAGS=-Wl,-z,max-page-size=16384 \
    -DPADDLE_LITE_DIR="$(cd "$lite" && pwd)"
cmake --build build --target mfs_shell --parallel
cp "$lite/libs/$abi/libpaddle_light_api_shared.so" build/
if [ -f "$lite/libs/$abi/libc++_shared.so" ]; then cp "$lite/libs/$abi/libc++_shared.so" build/; fi
echo "built $(pwd)/build/mfs_shell"
