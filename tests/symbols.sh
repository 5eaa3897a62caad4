#!/bin/sh
# Three lists of names are one: what include/interim.h declares, what tests/symbols.txt records, and
# what the shared library exports (in the version node of src/interim.map).
set -u
SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
. "$SRCDIR/tests/report.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT INT TERM

same() {
    diff "$1" "$2" >"$work/diff" && return 0
    sed 's/^/    /' "$work/diff"
    return 1
}

# A declaration may go on in the next lines; the name is the word before the first parenthesis.
awk '/^INTERIM_API/ { open = 1; text = "" }
     open { text = text " " $0 }
     open && /\(/ { sub(/\(.*/, "", text); sub(/.*[ *]/, "", text); print text; open = 0 }' \
    "$SRCDIR/include/interim.h" | LC_ALL=C sort >"$work/declared"
check "tests/symbols.txt lists what include/interim.h declares" \
    same "$SRCDIR/tests/symbols.txt" "$work/declared"

library=$BUILDDIR/.libs/libinterim.so
module=$BUILDDIR/.libs/libinterim-tls.so
if [ ! -e "$library" ]; then
    skip "exports: the shared library was not built (--disable-shared)"
    finish
fi
${NM:-nm} -D --defined-only "$library" | awk '$2 != "A" { print $3 }' >"$work/exports"
sed 's/@.*//' "$work/exports" | LC_ALL=C sort >"$work/names"
check "the library exports what tests/symbols.txt lists, and no more" \
    same "$SRCDIR/tests/symbols.txt" "$work/names"

${NM:-nm} -D --defined-only "$module" | awk '$2 != "A" { print $3 }' >"$work/module"
check "what speaks TLS exports its table, and no more" \
    test "$(sed 's/@.*//' "$work/module")" = interim__openssl

if grep -q '@' "$work/exports"; then
    grep -v '@@INTERIM_[0-9]*\.[0-9]*$' "$work/exports" >"$work/bare"
    check "each export has a version" test ! -s "$work/bare"
    check "the table has one" grep -q '@@INTERIM_TLS_[0-9]*\.[0-9]*$' "$work/module"
else
    skip "versions: this nm does not show them"
fi
if ${READELF:-readelf} -d "$library" >"$work/dynamic" 2>/dev/null; then
    check "it is not unloaded under the threads of its resolver" grep -q NODELETE "$work/dynamic"
    grep -E 'NEEDED.*lib(ssl|crypto|interim)' "$work/dynamic"
    check "it needs neither OpenSSL nor what speaks TLS before they are used" test $? -ne 0
    ${READELF:-readelf} -d "$module" >"$work/dynamic"
    check "what speaks TLS is not unloaded" grep -q NODELETE "$work/dynamic"
    check "it needs OpenSSL's libssl" grep -q 'NEEDED.*libssl' "$work/dynamic"
    check "it needs OpenSSL's libcrypto" grep -q 'NEEDED.*libcrypto' "$work/dynamic"
    check "it has the name that it is loaded by" grep -qF \
        "[$(sed -n 's/^static const char name\[\] = "\(.*\)";/\1/p' "$SRCDIR/src/transport/door_loaded.c")]" "$work/dynamic"
else
    skip "nodelete: there is no readelf"
fi
finish
