# shellcheck shell=sh disable=SC2034,SC2154 # the tables are used, and $top is set, by who sources it
# setup.sh - what tools/demo.sh and tests/run.sh share: install what is missing, and build outside of
# the source tree. Sourced with $top set to the root of the tree; says what it does; needs no
# terminal.

# What to look for, and the package that has it: Debian, Fedora, openSUSE, Arch, Alpine.
packages_to_build='
command:gcc          gcc             gcc                gcc                gcc       gcc
header:stdio.h       libc6-dev       glibc-devel        glibc-devel        glibc     musl-dev
command:make         make            make               make               make      make
command:autoreconf   autoconf        autoconf           autoconf           autoconf  autoconf
command:automake     automake        automake           automake           automake  automake
command:libtoolize   libtool         libtool            libtool            libtool   libtool
command:pkg-config   pkg-config      pkgconf-pkg-config pkg-config         pkgconf   pkgconf
module:libssl        libssl-dev      openssl-devel      libopenssl-3-devel openssl   openssl-dev
module:zlib          zlib1g-dev      zlib-devel         zlib-devel         zlib      zlib-dev
module:libcjson      libcjson-dev    cjson-devel        cJSON-devel        cjson     cjson-dev
module:expat         libexpat1-dev   expat-devel        libexpat-devel     expat     expat-dev
'
packages_to_test='
module:check         check           check-devel        check-devel        check     check-dev
module:jansson       libjansson-dev  jansson-devel      libjansson-devel   jansson   jansson-dev
command:g++          g++             gcc-c++            gcc-c++            gcc       g++
command:git          git             git                git                git       git
command:openssl      openssl         openssl            openssl            openssl   openssl
command:diff         diffutils       diffutils          diffutils          diffutils diffutils
'
# Real peers, and programs of single tests: without one its test is skipped and says so.
packages_of_peers='
command:litmus       litmus          -                  -                  -         -
command:apache2,httpd apache2-bin    httpd              apache2            apache    apache2
command:curl         curl            curl               curl               curl      curl
python:jsonschema    python3-jsonschema python3-jsonschema python3-jsonschema python-jsonschema py3-jsonschema
command:haproxy      haproxy         haproxy            haproxy            haproxy   haproxy
command:squid        squid           squid              squid              squid     squid
command:danted,sockd dante-server    dante-server       dante-server       dante     dante-server
command:nginx        nginx-light     nginx              nginx              nginx     nginx
command:lighttpd     lighttpd        lighttpd           lighttpd           lighttpd  lighttpd
lighttpd:webdav      lighttpd-mod-webdav -              -                  -         lighttpd-mod-webdav
lighttpd:openssl     lighttpd-mod-openssl -             -                  -         -
command:node         nodejs          nodejs             nodejs             nodejs    nodejs
module:libuv         libuv1-dev      libuv-devel        libuv-devel        libuv     libuv-dev
module:glib-2.0      libglib2.0-dev  glib2-devel        glib2-devel        glib2     glib-dev
module:libevent_core libevent-dev    libevent-devel     libevent-devel     libevent  libevent-dev
'

PATH=$PATH:/usr/sbin:/sbin
export PATH

# is_there PROBE
is_there() {
    case $1 in
    command:*)
        for setup_name in $(echo "${1#*:}" | tr , ' '); do
            command -v "$setup_name" >/dev/null 2>&1 && return 0
        done
        return 1
        ;;
    header:*) echo "#include <${1#*:}>" | gcc -E - >/dev/null 2>&1 ;;
    lighttpd:*) find /usr/lib /usr/lib64 -path "*lighttpd*/mod_${1#*:}.so" 2>/dev/null | grep -q . ;;
    python:*) python3 -c "import ${1#*:}" >/dev/null 2>&1 ;;
    module:*) pkg-config --exists "${1#*:}" >/dev/null 2>&1 ;;
    esac
}

# missing_of COLUMN TABLE: the packages of what is not there.
missing_of() {
    echo "$2" | while read -r setup_probe setup_names; do
        [ -n "$setup_probe" ] || continue
        is_there "$setup_probe" && continue
        setup_package=$(echo "$setup_names" | awk -v column="$1" '{ print $column }')
        if [ "$setup_package" = - ]; then setup_package="($setup_probe)"; fi
        printf '%s ' "$setup_package"
    done
}

# Runs as root. Services of the packages are kept from starting; the means to that does not stay.
apt_script='
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap "rm -f $policy" EXIT
    trap "exit 1" INT TERM
    printf "#!/bin/sh\nexit 101\n" >"$policy"
    chmod 755 "$policy"
fi
if [ "$1" = update ]; then
    shift
    apt-get -o Acquire::Retries=3 update
fi
apt-get -o Acquire::Retries=3 install -y --no-install-recommends "$@"
'

# apt_install [update] PACKAGE ...: quietly; what apt said is shown when it fails.
apt_install() {
    setup_log=$(mktemp)
    if [ "$(id -u)" -eq 0 ]; then
        sh -c "$apt_script" apt_script "$@" >"$setup_log" 2>&1 </dev/null
    else
        # shellcheck disable=SC2024 # the log is ours
        sudo sh -c "$apt_script" apt_script "$@" >"$setup_log" 2>&1
    fi
    setup_status=$?
    [ $setup_status -eq 0 ] || tail -n 15 "$setup_log"
    rm -f "$setup_log"
    return $setup_status
}

# setup_install TABLE [OPTIONAL_TABLE]: all of the first table is there when this returns 0.
setup_install() {
    if command -v apt-get >/dev/null 2>&1; then
        setup_column=1 setup_how="apt-get install"
    elif command -v dnf >/dev/null 2>&1; then
        setup_column=2 setup_how="dnf install"
    elif command -v zypper >/dev/null 2>&1; then
        setup_column=3 setup_how="zypper install"
    elif command -v pacman >/dev/null 2>&1; then
        setup_column=4 setup_how="pacman -S"
    elif command -v apk >/dev/null 2>&1; then
        setup_column=5 setup_how="apk add"
    else
        setup_column=1 setup_how="the packages that Debian calls"
    fi
    setup_needed=$(missing_of $setup_column "$1")
    setup_wished=$(missing_of $setup_column "${2:-}")
    if [ -z "$setup_needed$setup_wished" ]; then
        echo "Packages: everything that is needed is there."
        return 0
    fi
    if [ "$setup_how" != "apt-get install" ]; then
        [ -z "$setup_wished" ] || echo "Not there, so that tests are skipped: $setup_how $setup_wished"
        [ -n "$setup_needed" ] || return 0
        echo "Not there; please install as root, then run this again: $setup_how $setup_needed" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        echo "Not root, and there is no sudo; as root: apt-get install $setup_needed$setup_wished" >&2
        [ -z "$setup_needed" ]
        return
    fi
    echo "Packages: installing by apt-get (no services are started): $setup_needed$setup_wished"
    # shellcheck disable=SC2086 # lists of words
    if ! apt_install update $setup_needed $setup_wished; then
        [ -z "$setup_needed" ] || apt_install $setup_needed || return 1
        for setup_package in $setup_wished; do
            apt_install "$setup_package" || echo "Not installed, its test is skipped: $setup_package"
        done
    fi
    setup_needed=$(missing_of 1 "$1")
    [ -z "$setup_needed" ] && return 0
    echo "Still not there after installing: $setup_needed" >&2
    return 1
}

# show_end LOG: the first errors in it, and its end.
show_end() {
    grep -E '(^|[^a-z])(error|ERROR): |\*\*\* ' "$1" | head -n 20
    echo "...; the end of $1:"
    tail -n 20 "$1"
}

# quietly LOG COMMAND ...: its output goes to LOG, and is shown when it fails.
quietly() {
    setup_log=$1
    shift
    "$@" >"$setup_log" 2>&1 </dev/null && return 0
    echo "FAILED: $*"
    show_end "$setup_log"
    return 1
}

processors() {
    getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1
}

# setup_build FOLDER [FLAG OF CONFIGURE ...]
setup_build() {
    setup_folder=$1
    shift
    if [ -e "$top/config.status" ]; then
        echo "The source tree was configured in place; run 'make distclean' there first." >&2
        return 1
    fi
    mkdir -p "$setup_folder" || return 1
    if [ ! -e "$top/configure" ] || [ ! -e "$top/Makefile.in" ]; then
        echo "Build: autogen.sh"
        quietly "$setup_folder/autogen.log" sh "$top/autogen.sh" || return 1
    fi
    if [ ! -e "$setup_folder/Makefile" ] || [ "$*" != "$(cat "$setup_folder/flags" 2>/dev/null)" ]; then
        echo "Build: configure $*"
        (cd "$setup_folder" && quietly configure.log sh "$top/configure" "$@") || return 1
        echo "$*" >"$setup_folder/flags"
    fi
    echo "Build: make in $setup_folder"
    quietly "$setup_folder/make.log" make -C "$setup_folder" -j"$(processors)"
}
