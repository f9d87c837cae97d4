#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every goal of docs/performance.md with what this machine makes of it, as a table in Markdown. Times are minima and
# rates are maxima over all rounds, so that a short disturbance does not count. BUILD names a folder with a release
# build; without PyTorch its rows say so. Usage: tests/bench/goals.sh [ROUNDS]
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
BUILD=${BUILD:-$here/../../build}
bench=$BUILD/tests/bench
rounds=${1:-3}
export BUILD

if [ ! -x "$bench/bench_start" ]; then
    echo "$BUILD has no benchmarks. First: meson setup --buildtype=release -Dtests=enabled $BUILD && meson compile -C $BUILD" >&2
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# take ROW PROGRAM OPTION...: a line of JSON for the row
take()
{
    row=$1 program=$2
    shift 2
    "$bench/$program" --json "$@" >>"$work/$row" || echo "failed: $program $*" >&2
}

# pick ROW NAME min|max: the least or largest value of a name over the rounds; nothing when there is none
pick()
{
    sed -n "s/.*\"$2\": \([0-9.]*\).*/\1/p" "$work/$1" | sort -g | if [ "$3" = min ]; then head -n 1; else tail -n 1; fi
}

# ratio A B: A / B
ratio()
{
    awk -v a="$1" -v b="$2" 'BEGIN { if (a != "" && b > 0) printf "%.2f", a / b }'
}

# fraction ROW SGEMM: of the matrix product's rate
fraction()
{
    ratio "$(ratio "$(pick "$1" gflop min)" "$(pick "$1" ms_min min)e-3")" "$2"
}

# line WHAT FIGURE UNIT less|more AT_LEAST AIM
line()
{
    awk -v what="$1" -v figure="$2" -v unit="$3" -v better="$4" -v least="$5" -v aim="$6" 'BEGIN {
        sign = better == "less" ? -1 : 1
        verdict = figure == "" ? "not measured" : \
            sign * figure >= sign * aim ? "aim" : sign * figure >= sign * least ? "at least" : "missed"
        printf "| %-55s | %12s | %8s | %8s | %-12s |\n", what, figure == "" ? "" : figure unit, least unit, aim unit, verdict
    }'
}

round=0
while [ "$round" -lt "$rounds" ]; do
    take one bench_step
    take two bench_step --threads 2
    take batch16 bench_step --batch 16 --steps 400
    take wide bench_step --ngf 64 --steps 8
    take size32 bench_step --size 32 --steps 20
    take size64 bench_step --size 64 --steps 4
    take avx2 bench_step --kernels avx2
    take sample bench_step --sample --batch 1 --steps 20000
    take start bench_start
    round=$((round + 1))
done
torch1='' torch2=''
if "$here/compare_torch.sh" "$rounds" >"$work/torch" 2>&1; then
    torch1=$(sed -n 's/^1 thread(s): libgan is \([0-9.]*\) .*/\1/p' "$work/torch")
    torch2=$(sed -n 's/^2 thread(s): libgan is \([0-9.]*\) .*/\1/p' "$work/torch")
else
    cat "$work/torch" >&2
fi
quiet=''
if [ -x "$bench/test_quiet" ]; then
    if "$bench/test_quiet" >"$work/quiet" 2>&1; then quiet=0; else quiet=1 && cat "$work/quiet" >&2; fi
fi
library=''
if [ -f "$BUILD/lib/libgan.so.0" ]; then
    strip -o "$work/libgan.so" "$BUILD/lib/libgan.so.0"
    library=$(($(wc -c <"$work/libgan.so") / 1000))
fi

# The rate of the matrix product, too, is the best of all that ran on one thread.
cat "$work/one" "$work/batch16" "$work/wide" "$work/size32" "$work/size64" "$work/sample" >"$work/alone"
sgemm=$(pick alone sgemm_gflops max)
processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
echo "$processor, $sgemm GFLOP/s SGEMM on one thread, $(pick two sgemm_gflops max) on two;" \
    "$(sed -n 's/.*"kernels": "\([^"]*\)".*/\1/p' "$work/one" | head -n 1) kernels; $rounds rounds"
echo
echo "| what                                                    |       figure | at least |      aim | reached      |"
echo "| ------------------------------------------------------- | ------------ | -------- | -------- | ------------ |"
line "step, batch 64, 1 thread, of the SGEMM rate" "$(fraction one "$sgemm")" "" more 0.65 0.85
line "step, batch 64, 2 threads against 1" "$(ratio "$(pick one ms_min min)" "$(pick two ms_min min)")" x more 1.8 1.95
line "step against PyTorch, 1 thread" "$torch1" x more 1.9 2.5
line "step against PyTorch, 2 threads" "$torch2" x more 2 3
line "images/s at batch 16 against batch 64" \
    "$(ratio "$(pick batch16 images_per_second max)" "$(pick one images_per_second max)")" "" more 0.8 0.95
line "step, ngf = ndf = 64, batch 64, 1 thread" "$(fraction wide "$sgemm")" "" more 0.75 0.9
line "step, 32x32 game of the same style" "$(fraction size32 "$sgemm")" "" more 0.65 0.85
line "step, 64x64 game of the same style" "$(fraction size64 "$sgemm")" "" more 0.65 0.85
line "step with AVX-512 switched off, of the AVX2 SGEMM" "$(fraction avx2 "$(pick avx2 sgemm_gflops max)")" "" more 0.6 0.8
line "G alone, inference, batch 1, 1 thread" "$(ratio "$(pick sample ms_min min)" 1e-3)" " us" less 100 60
line "allocations, locks, system calls in a step (1 thread)" "$quiet" "" less 0 0
line "peak memory of the process training at batch 64" "$(pick start peak_mb min)" " MB" less 40 20
line "from exec to the first step done, synthetic set" "$(pick start ms_min min)" " ms" less 100 30
line "shared library, stripped" "$library" " KB" less 500 250
echo
echo "One thread: $(pick one ms_min min) ms at least, $(pick one ms_median min) in the median." \
    "Two: $(pick two ms_min min) and $(pick two ms_median min)."
if [ -n "$torch1" ]; then grep -E '^(libgan|PyTorch) ' "$work/torch"; fi
