#!/bin/sh
# The public header compiles alone: as C99 and C11 without a warning, as C++, and in one C++ program
# with the shared library.
set -u
SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
. "$SRCDIR/tests/report.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT INT TERM

strict="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"
cat >"$work/alone.c" <<'END'
#include <interim.h>
#include <interim.h>
int alone(void);
int alone(void)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_patience patience = INTERIM_PATIENCE_INIT;
    interim_polling polling = INTERIM_POLLING_INIT;
    return options.size + patience.size + polling.size == 0 ? INTERIM_EINVAL : INTERIM_OK;
}
END
sed 's/(void)/()/; /^int alone();$/d' "$work/alone.c" >"$work/alone.cpp"
cat >"$work/main.cpp" <<'END'
#include <interim.h>
#include <cstdio>
#include <cstring>
int main()
{
    std::puts(interim_version());
    return std::strcmp(interim_version(), INTERIM_VERSION);
}
END

for standard in c99 c11; do
    # shellcheck disable=SC2086 # lists of words
    check "the header alone, as $standard" \
        ${CC:-cc} -std=$standard $strict -I"$SRCDIR/include" -c "$work/alone.c" -o "$work/alone.o"
done

cxx=${CXX:-}
for candidate in c++ g++ clang++; do
    [ -n "$cxx" ] || cxx=$(command -v $candidate)
done
if [ -z "$cxx" ]; then
    skip "the header as C++: there is no C++ compiler (Debian: g++)"
    finish
fi
for standard in c++11 c++17; do
    # shellcheck disable=SC2086 # lists of words
    check "the header alone, as $standard" \
        $cxx -std=$standard $strict -I"$SRCDIR/include" -c "$work/alone.cpp" -o "$work/alone.o"
done
library=$BUILDDIR/.libs/libinterim.so
if [ ! -e "$library" ]; then
    skip "a C++ program: the shared library was not built"
elif [ -n "${SANITIZERS:-}" ]; then
    skip "a C++ program: the library has sanitizers, which the program would need too"
else
    check "a C++ program links" \
        "$cxx" -I"$SRCDIR/include" "$work/main.cpp" -o "$work/main" \
        -L"$BUILDDIR/.libs" -linterim
    check "a C++ program runs" env LD_LIBRARY_PATH="$BUILDDIR/.libs" "$work/main"
fi
finish
