#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The tests of the NEON kernels, and of what is built on them, for 64-bit Arm: cross-compiled by Debian's compiler and run
# by qemu-user. Every kernel of the set is held to its formula and to the bits of other calls, on the shapes of
# tests/kernel; layers to finite differences; augmentation to its formulas; a game's weights to the same bits with 1, 2 and 3 threads. Installs what is
# missing, as tests/run.sh does. The last line is "N passed, N failed".
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/examples/prepare.sh"

need gcc-aarch64-linux-gnu command -v aarch64-linux-gnu-gcc
need libc6-dev-arm64-cross test -f /usr/aarch64-linux-gnu/include/stdio.h
need qemu-user command -v qemu-aarch64
install_missing

export BUILD="${BUILD:-$root/build-neon}"
export TESTS="--suite kernel --suite layer --suite augment --suite steps --no-suite kernels_apart"
exec "$root/tests/run.sh" --cross-file "$root/tests/cross/aarch64.ini" -Dblas=builtin -Dpng=disabled -Djpeg=disabled "$@"
