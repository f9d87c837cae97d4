#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Trains the reference game: installs what is missing, builds, finds or downloads CIFAR-10, and runs cifar16 with the
# options given here (--help lists them). Without CIFAR-10 it trains on the built-in synthetic pictures.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/examples/prepare.sh"

archive=cifar-10-binary.tar.gz
url=https://www.cs.toronto.edu/~kriz/$archive
md5=c32a1d4ab5d03f1284b67883e8d87530

# The user's cache; HOME may be unset in a bare environment.
cache_folder()
{
    home=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
    echo "${XDG_CACHE_HOME:-${home:-$root}/.cache}/libgan"
}

has_cifar()
{
    [ -f "$1/data_batch_1.bin" ] || [ -f "$1/cifar-10-batches-bin/data_batch_1.bin" ]
}

is_archive()
{
    [ -f "$1" ] && [ "$(md5sum <"$1" | cut -c 1-32)" = "$md5" ]
}

# download FILE: gives up soon where there is no network.
download()
{
    echo "downloading $url"
    bar=--progress-bar
    [ -t 2 ] || bar=-sS
    if have command -v curl; then
        curl -fL "$bar" --connect-timeout 10 --speed-limit 1024 --speed-time 20 -o "$1" "$url"
    elif have command -v wget; then
        wget --timeout=10 --tries=1 -O "$1" "$url"
    else
        return 1
    fi
}

# fetch_cifar FOLDER: download, check and unpack into the folder, each file whole or not at all.
fetch_cifar()
{
    mkdir -p "$1" || return 1
    if ! is_archive "$1/$archive"; then
        part=$1/$archive.part
        if ! download "$part" || ! is_archive "$part"; then
            rm -f "$part"
            return 1
        fi
        mv -f "$part" "$1/$archive"
    fi
    unpacked=$1/unpacked
    rm -rf "$unpacked"
    mkdir "$unpacked" && tar -xzf "$1/$archive" -C "$unpacked" && mv "$unpacked/cifar-10-batches-bin" "$1/" || return 1
    rm -rf "$unpacked"
}

# Sets $data to a folder with CIFAR-10, or to synthetic.
find_data()
{
    if [ -n "${GAN_DATA:-}" ]; then
        data=$GAN_DATA
        has_cifar "$data" && return 0
        echo "GAN_DATA is $data, which has no data_batch_1.bin; looking elsewhere" >&2
    fi
    data=$(cache_folder)
    has_cifar "$data" || fetch_cifar "$data" && return 0
    data=synthetic
    echo "CIFAR-10 could not be downloaded from $url and checked:" \
        "training on the built-in synthetic pictures instead." >&2
}

data='' length_given='' out_given='' data_given='' only_text=''
for argument in "$@"; do
    case $argument in
    --data | --data=*) data_given=1 ;;
    --out | --out=*) out_given=1 ;;
    --epochs | --epochs=* | --steps | --steps=*) length_given=1 ;;
    --help | --summary) only_text=1 ;;
    esac
done
need_build_tools
[ -n "$data_given$only_text" ] || want "curl ca-certificates" have_downloader
install_missing
build "$root/build-examples" -Dtests=disabled

# What is put before the user's own options is overridden by them.
if [ -z "$data_given$only_text" ]; then
    find_data
    [ "$data" != synthetic ] || [ -n "$length_given" ] || set -- --epochs 4 "$@"
    set -- --data "$data" "$@"
fi
[ -n "$out_given" ] || set -- --out "$root/out" "$@"
exec "$root/build-examples/examples/cifar16" "$@"
