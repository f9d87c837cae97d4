#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# libgan's step of the reference game against PyTorch's, in turn, with one and two threads: times and their ratios.
# Installs nothing. PyTorch is Debian's python3-torch, or what PYTHON has; BUILD names a folder with a release build.
# Usage: tests/bench/compare_torch.sh [ROUNDS [STEPS]]
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=${BUILD:-$here/../../build}
python=${PYTHON:-/usr/bin/python3}
rounds=${1:-4} steps=${2:-60}

if ! "$python" -c 'import torch' 2>/dev/null; then
    echo "PyTorch is missing. On Debian: apt-get install python3-torch" >&2
    exit 77
fi
if [ ! -x "$build/tests/bench/bench_step" ]; then
    echo "$build has no bench_step. First: meson setup --buildtype=release $build && meson compile -C $build" >&2
    exit 77
fi
results=$(mktemp)
trap 'rm -f "$results"' EXIT
trap 'exit 1' HUP INT TERM

# field NAME: its value in the line of JSON that is read
field()
{
    sed -n "s/.*\"$1\": \"\{0,1\}\([^\",}]*\).*/\1/p"
}

# measure NAME THREADS COMMAND...: one turn; a line of it goes to the results
measure()
{
    name=$1 threads=$2
    shift 2
    line=$("$@" --threads "$threads" --batch 64 --steps "$steps")
    least=$(echo "$line" | field ms_min) median=$(echo "$line" | field ms_median) format=$(echo "$line" | field format)
    printf '%-8s %s thread(s) %9.3f ms at least, %9.3f in the median  %s\n' "$name" "$threads" "$least" "$median" "$format"
    echo "$name $threads $least $median" >>"$results"
}

echo "The same game: both play the steps of tests/golden, libgan in its test \"golden\"."
"$python" "$here/torch_step.py" --check "$here/../golden/gan_steps.safetensors" "$here/../golden/gan_steps_small.safetensors"
echo
for threads in 1 2; do
    round=0
    while [ "$round" -lt "$rounds" ]; do
        measure libgan "$threads" "$build/tests/bench/bench_step" --json
        measure PyTorch "$threads" "$python" "$here/torch_step.py"
        round=$((round + 1))
    done
done
echo
# The least of all minima, and the middle of the rounds' medians.
sort -k1,2 -k4,4n "$results" | awk '
    { key = $1 $2; n = ++count[key]; median[key, n] = $4; if (!(key in least) || $3 < least[key]) least[key] = $3 }
    function middle(key) { return (median[key, int((count[key] + 1) / 2)] + median[key, int(count[key] / 2) + 1]) / 2 }
    END {
        for (t = 1; t <= 2; t++)
            printf "%d thread(s): libgan is %.2f times as fast by minimum times, %.2f by medians\n", t,
                least["PyTorch" t] / least["libgan" t], middle("PyTorch" t) / middle("libgan" t)
    }'
