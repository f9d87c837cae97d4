#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs what is missing, builds, and runs all tests. The last line is "N passed, N failed", in test cases. Arguments
# are options for meson setup; BUILD names the folder to build in, TESTS the tests to run when not all: names, or
# --suite and a name.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/examples/prepare.sh"

# Counts the cases of Check's summaries in meson's log. A program without a summary is one case by itself, and one that
# ends badly although its cases are fine (a crash, a leak, too late) has failed once more.
count_cases()
{
    awk '
        function finish() {
            if (!name || result == "77") return
            if (summaries) { passed += checks - bad; failed += bad }
            else if (result == "0") passed++
            if (result != "0" && !bad) failed++
        }
        /^test: / { finish(); name = $2; result = ""; summaries = checks = bad = 0 }
        /^result: / && !result { result = /exit status [0-9]+$/ ? $NF : "killed" }
        /^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+$/ {
            summaries++; checks += $3; bad += $5 + $7
        }
        END { finish(); printf "%d passed, %d failed\n", passed, failed; exit !(passed && !failed) }' "$1"
}

need_build_tools
need check pkg-config --exists check
need libcjson-dev pkg-config --exists libcjson
need liblapack-dev pkg-config --exists lapack
install_missing
folder=${BUILD:-$root/build-tests}
build "$folder" -Dtests=enabled "$@"

rm -f "$folder/meson-logs/testlog.txt"
status=0
# shellcheck disable=SC2086 # TESTS are words
meson test -C "$folder" --no-rebuild --print-errorlogs ${TESTS:-} || status=$?
count_cases "$folder/meson-logs/testlog.txt" || status=1
exit "$status"
