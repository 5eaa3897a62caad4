#!/bin/sh
# Makes configure and Makefile.in from configure.ac and Makefile.am. Only a git checkout needs it: a
# release tarball has them.
set -eu
cd "$(dirname "$0")"

missing=
for tool in autoreconf automake libtoolize pkg-config make cc; do
    command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
if [ -n "$missing" ]; then
    echo "autogen.sh: not found:$missing" >&2
    echo "  Debian, Ubuntu: apt-get install autoconf automake libtool pkg-config make gcc" >&2
    echo "  Fedora:         dnf install autoconf automake libtool pkgconf-pkg-config make gcc" >&2
    echo "  openSUSE:       zypper install autoconf automake libtool pkg-config make gcc" >&2
    echo "  Arch:           pacman -S autoconf automake libtool pkgconf make gcc" >&2
    echo "  Alpine:         apk add autoconf automake libtool pkgconf make gcc musl-dev" >&2
    exit 1
fi
mkdir -p m4
exec autoreconf --force --install --warnings=all
