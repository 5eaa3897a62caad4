#!/bin/sh
# docs/CONFORMANCE.md, SECURITY.md, peers-cases.md and polling.md promise nothing that is not tested:
# the last cell of every row names tests that exist and are run, or says why there is none; and what
# is said about a table ("**7 rows: 5 tested, 2 out of scope.**", the line above it) is counted.
#
#     `head/head_ends_before_what_follows`    a test of tests/unit/head.c
#     `transcripts/early-413`                 tests/transcripts/early-413.txt
#     `davcopy.sh/test_207`                   a function of tests/davcopy.sh
#     `real/apache.sh`                        tests/real/apache.sh
#
# Instead of tests: "out of scope, because ...", "not applicable, because ...", "not there yet: ...".
# A table that is for reading only has "(not checked)" in the line above it.
set -u
SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
. "$SRCDIR/tests/report.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT INT TERM
tests=$SRCDIR/tests

# exists NAME: the test is there, and something runs it.
exists() {
    file=${1%/*} name=${1##*/}
    case $1 in
    transcripts/*)
        [ -f "$tests/$1.txt" ] && grep -q "tests/$1\.txt" "$SRCDIR/Makefile.am"
        ;;
    *.sh)
        [ -f "$tests/$1" ] && grep -q "tests/$1\([^A-Za-z0-9_]\|\$\)" "$SRCDIR/Makefile.am"
        ;;
    *.sh/*)
        grep -q "^$name()" "$tests/$file" && grep -q "^ *$name\$" "$tests/$file"
        ;;
    */*)
        # Named once more than where it begins: in its suite, which is in the list of suites.
        grep -q "^START_TEST($name)\$" "$tests/unit/$file.c" &&
            [ "$(grep -cw "$name" "$tests/unit/$file.c")" -ge 2 ] &&
            grep -q "tests/unit/$file\.c" "$SRCDIR/Makefile.am" &&
            { ! grep -q "^Suite \*${file}_suite(void)" "$tests/unit/$file.c" ||
                grep -q "X($file)" "$tests/unit/suites.h"; }
        ;;
    *) false ;;
    esac 2>/dev/null
}

# Lines "row LINE KIND" and "test LINE NAME" of a document, and "claim LINE TEXT FOUND" for each
# table of which something is claimed.
read_tables() {
    awk '
    function close_table(found) {
        if (!in_table) return
        found = rows " row" (rows == 1 ? "" : "s") ": " tested " tested"
        if (out) found = found ", " out " out of scope"
        if (na) found = found ", " na " not applicable"
        if (yet) found = found ", " yet " not there yet"
        if (!free) printf "claim\t%d\t%s\t**%s.**\n", at, said, found
        in_table = 0
    }
    !/^\|/ { close_table(); if ($0 != "") said = $0; next }
    !in_table { in_table = 1; at = NR; rows = tested = out = na = yet = 0
                free = said ~ /\(not checked\)/; next }
    /^\|[-| :]*$/ || free { next }
    {
        rows++
        cells = split($0, cell, "|")
        last = cell[cells - 1]
        kind = "nothing"
        if (last ~ /out of scope, because /) { kind = "out"; out++ }
        else if (last ~ /not applicable, because /) { kind = "na"; na++ }
        else if (last ~ /not there yet: /) { kind = "yet"; yet++ }
        else if (last ~ /`/) { kind = "tested"; tested++ }
        printf "row\t%d\t%s\n", NR, kind
        if (kind != "tested" && kind != "yet") next
        pieces = split(last, piece, "`")
        for (i = 2; i <= pieces; i += 2) printf "test\t%d\t%s\n", NR, piece[i]
    }
    END { close_table() }' "$1"
}

tab=$(printf '\t')
judge() {
    document=$1
    read_tables "$SRCDIR/$document" >"$work/tables"
    : >"$work/wrong"
    while IFS=$tab read -r what line first second; do
        case $what in
        row) [ "$first" != nothing ] || echo "    line $line: neither a test nor a reason" ;;
        test) exists "$first" || echo "    line $line: there is no test $first that is run" ;;
        claim) [ "$first" = "$second" ] || echo "    line $line: it says $first, it is $second" ;;
        esac
    done <"$work/tables" >"$work/wrong"
    cat "$work/wrong"
    rows=$(grep -c "^row" "$work/tables")
    names=$(grep "^test" "$work/tables" | cut -f3 | sort -u | wc -l)
    check "$document: $rows rows, $((names)) tests, each claim holds" \
        test ! -s "$work/wrong" -a "$rows" -gt 20
}

judge docs/CONFORMANCE.md
judge docs/SECURITY.md
judge docs/peers-cases.md
judge docs/polling.md

# The check itself: it finds what it looks for.
cat >"$work/planted.md" <<'END'
**9 rows: 9 tested.**

| rule | test |
|---|---|
| good | `head/head_is_understood_whole` |
| gone | `head/no_such_test` |
| empty | |
END
read_tables "$work/planted.md" >"$work/tables"
check "a row without test or reason is found" grep -q "^row${tab}7${tab}nothing" "$work/tables"
check "a wrong count is found" \
    grep -qF "**9 rows: 9 tested.**$tab**3 rows: 2 tested.**" "$work/tables"
for name in head/no_such_test transcripts/no-such davcopy.sh/test_nothing real/nothing.sh nothing; do
    if exists $name; then fail "$name does not exist"; else pass "$name does not exist"; fi
done
finish
