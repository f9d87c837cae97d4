# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# What examples/run.sh and tests/run.sh share: installing what is missing, and building. They set $root, the project's
# folder, before.
: "${root:?}"

missing= # Debian packages that the build cannot do without
wanted=  # and those that it is better with

have()
{
    "$@" >/dev/null 2>&1
}

have_header()
{
    printf '#include <%s>\n' "$1" | cc -E -x c -
}

have_compiler()
{
    have_header stdio.h && command -v c++
}

have_blis()
{
    have_header blis/blis.h || have_header blis.h
}

have_downloader()
{
    command -v curl || command -v wget
}

# need PACKAGE COMMAND...: the package is missing when the command fails. want: the same for what is no must.
need()
{
    package=$1
    shift
    have "$@" || missing="$missing $package"
}

want()
{
    package=$1
    shift
    have "$@" || wanted="$wanted $package"
}

need_build_tools()
{
    need build-essential have_compiler
    need meson command -v meson
    need ninja-build command -v ninja
    need pkg-config command -v pkg-config
    need libpng-dev pkg-config --exists libpng
    want libjpeg-dev pkg-config --exists libjpeg
    want libcjson-dev pkg-config --exists libcjson
    want libblis-dev have_blis
    want liblapack-dev pkg-config --exists lapack
}

# quietly COMMAND...: shows the command's output only when it fails.
quietly()
{
    log=$(mktemp)
    status=0
    "$@" >"$log" 2>&1 </dev/null || status=$?
    [ "$status" = 0 ] || cat "$log" >&2
    rm -f "$log"
    return "$status"
}

# Whether packages can be installed; sets $as_root to what makes a command root's.
can_install()
{
    as_root=
    have command -v apt-get || return 1
    [ "$(id -u)" != 0 ] || return 0
    as_root=sudo
    have command -v sudo || return 1
    have sudo -n true || [ -t 0 ] # at a terminal sudo can ask for the password
}

# shellcheck disable=SC2086 # lists of packages are words
install_packages()
{
    quietly $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"
}

# Installs what need and want have found; fails when something needed is missing still.
install_missing()
{
    [ -n "$missing$wanted" ] || return 0
    if can_install; then
        echo "installing:$missing$wanted"
        quietly $as_root apt-get update || echo "the lists of packages could not be brought up to date" >&2
        # shellcheck disable=SC2086
        if [ -z "$missing" ] || install_packages $missing; then
            [ -z "$wanted" ] || install_packages $wanted || echo "going on without$wanted" >&2
            return 0
        fi
    fi
    [ -n "$missing" ] || return 0
    echo "Something that the build needs is missing. Run this command as root, then start again:" >&2
    echo "  apt-get install -y --no-install-recommends$missing$wanted" >&2
    return 1
}

# build FOLDER OPTION...: configures and builds in the folder, with options of meson setup.
build()
{
    folder=$1
    shift
    echo "building in $folder"
    [ ! -f "$folder/build.ninja" ] || set -- --reconfigure "$@"
    quietly meson setup --buildtype=release "$@" "$folder" "$root" && quietly meson compile -C "$folder"
}
