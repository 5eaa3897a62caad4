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
if [ ! -e "$library" ]; then
    skip "exports: the shared library was not built (--disable-shared)"
    finish
fi
${NM:-nm} -D --defined-only "$library" | awk '$2 != "A" { print $3 }' >"$work/exports"
sed 's/@.*//' "$work/exports" | LC_ALL=C sort >"$work/names"
check "the library exports what tests/symbols.txt lists, and no more" \
    same "$SRCDIR/tests/symbols.txt" "$work/names"

if grep -q '@' "$work/exports"; then
    grep -v '@@INTERIM_[0-9]*\.[0-9]*$' "$work/exports" >"$work/bare"
    check "each export has a version" test ! -s "$work/bare"
else
    skip "versions: this nm does not show them"
fi
if ${READELF:-readelf} -d "$library" >"$work/dynamic" 2>/dev/null; then
    check "it is not unloaded under the threads of its resolver" grep -q NODELETE "$work/dynamic"
else
    skip "nodelete: there is no readelf"
fi
finish
