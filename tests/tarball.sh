#!/bin/sh
# The release tarball holds what git holds: no file is forgotten, and none is slipped in except what
# autoreconf makes, which is named here.
set -u
SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
. "$SRCDIR/tests/report.sh"
command -v git >/dev/null 2>&1 || skip_all "git is not installed"
[ -e "$SRCDIR/.git" ] || skip_all "this is no git checkout"
git -c safe.directory='*' -C "$SRCDIR" rev-parse HEAD >/dev/null 2>&1 || skip_all "git cannot read this checkout"

work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT INT TERM
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

if ! ${MAKE:-make} -C "$BUILDDIR" distdir distdir="$work/dist" >"$work/log" 2>&1; then
    cat "$work/log"
    fail "make distdir"
    finish
fi
# What git has and what would be added next: a new file counts before it is committed.
git -c safe.directory='*' -C "$SRCDIR" ls-files --cached --others --exclude-standard | LC_ALL=C sort |
    while read -r file; do [ -e "$SRCDIR/$file" ] && echo "$file"; done >"$work/git"
(cd "$work/dist" && find . -type f | sed 's,^\./,,') | LC_ALL=C sort >"$work/tarball"
grep -vE '^(configure|aclocal\.m4|config\.h\.in|Makefile\.in|build-aux/.*|m4/(libtool|lt.*)\.m4)$' \
    "$work/tarball" >"$work/ours"

diff "$work/git" "$work/ours" >"$work/diff"
sed -n 's/^< /    not in the tarball: /p; s/^> /    not in git: /p' "$work/diff"
check "the tarball equals git" test ! -s "$work/diff"

changed=0
while read -r file; do
    cmp -s "$SRCDIR/$file" "$work/dist/$file" && continue
    echo "    differs: $file"
    changed=$((changed + 1))
done <"$work/ours"
check "its files are those of the checkout" test "$changed" -eq 0
finish
