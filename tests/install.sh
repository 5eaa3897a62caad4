#!/bin/sh
# What `make install` installs is usable: a program finds it by pkg-config, links with the shared
# and with the static library, and runs; uninstalling leaves nothing.
set -u
SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
. "$SRCDIR/tests/report.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT INT TERM
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

make_in() {
    ${MAKE:-make} -C "$BUILDDIR" "$@" DESTDIR="$work/root" >"$work/log" 2>&1 && return 0
    cat "$work/log"
    return 1
}

pkg_config() {
    PKG_CONFIG_PATH=$work/pc ${PKG_CONFIG:-pkg-config} "$@" interim
}

compile() {
    # shellcheck disable=SC2086,SC2046 # lists of words
    ${CC:-cc} ${SANITIZERS:-} "$work/program.c" -o "$1" $(pkg_config --cflags) $2
}

check "make install" make_in install
file=$(find "$work/root" -name interim.pc)
check "interim.pc is installed" test -n "$file"
for name in davcopy davorigin; do
    found=$(find "$work/root" -type f -name $name -path '*/bin/*')
    check "$name is installed" test -n "$found"
done
[ -n "$file" ] || finish

# The prefix of the file is where it would be; the test looks below its own root.
mkdir "$work/pc"
sed "s,^prefix=,prefix=$work/root," "$file" >"$work/pc/interim.pc"
libdir=$(pkg_config --variable=libdir)
cat >"$work/program.c" <<'END'
#include <interim.h>
#include <stdio.h>
int main(void)
{
    interim_client *client;
    int code = interim_client_new(&client, NULL);
    printf("%s %s\n", interim_version(), interim_strerror(code));
    if (code == 0)
        interim_client_free(client);
    return code != 0;
}
END
check "pkg-config knows the version of the header" \
    grep -q "INTERIM_VERSION \"$(pkg_config --modversion)\"" "$SRCDIR/include/interim.h"

if [ -e "$libdir/libinterim.so" ]; then
    check "what speaks TLS is beside it" test -e "$libdir/libinterim-tls.so.0"
    check "a program links with the shared library" compile "$work/shared" "$(pkg_config --libs)"
    check "it runs" env LD_LIBRARY_PATH="$libdir" "$work/shared"
    pkg_config --libs | grep -qE 'ssl|crypto|cjson|expat|-lz'
    check "linking with it names none of its own dependencies" test $? -ne 0
else
    skip "the shared library was not built"
fi
if [ -e "$libdir/libinterim.a" ]; then
    archive=$(pkg_config --static --libs | sed "s,-l\(interim[-a-z]*\),$libdir/lib\1.a,g")
    check "a program links with the static library" compile "$work/static" "$archive"
    check "it runs without the shared one" "$work/static"
    grep -q 'gnu\.lto_' "$libdir/libinterim.a" "$libdir/libinterim-tls.a"
    check "it has nothing that is for one version of a compiler alone" test $? -ne 0
else
    skip "the static library was not built"
fi
check "make uninstall" make_in uninstall
left=$(find "$work/root" ! -type d)
check "nothing is left" test -z "$left"

check "make install, to another place than configure was told" make_in install prefix=/opt/other
cp "$work/root/opt/other/lib/pkgconfig/interim.pc" "$work/pc/"
check "interim.pc names that place" \
    test "$(pkg_config --variable=prefix) $(pkg_config --variable=libdir)" = "/opt/other /opt/other/lib"
check "make uninstall there" make_in uninstall prefix=/opt/other
left=$(find "$work/root" ! -type d)
check "nothing is left there" test -z "$left"
finish
