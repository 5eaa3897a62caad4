#!/bin/sh
# docs/examples/loop_*.c: three slow copies in a foreign event loop, by interim_client_fd. Each is
# compiled as its first lines say, and run against davorigin, which answers two of them by 102 and
# one by 202; the loop's own timer must go on meanwhile, and the program must come to its end.
set -u
. "$(dirname "$0")/real/peer.sh"
DAVORIGIN=${DAVORIGIN:-$BUILDDIR/davorigin}
PKG_CONFIG=${PKG_CONFIG:-pkg-config}
library=$BUILDDIR/.libs/libinterim.so
[ -e "$library" ] || skip_all "the shared library was not built (--disable-shared)"

mkdir -p "$work/root/tree"
for name in a b c d; do echo "$name" >"$work/root/tree/$name"; done
# Four files, 300 ms each.
peer_start "$work/server.out" "$DAVORIGIN" --root "$work/root" --delay 300 --interval 200 --steady ||
    peer_failed davorigin
url=$(sed -n 's/^davorigin: listening on \([^ ]*\).*/\1/p' "$work/server.out")tree

# run_example NAME [MODULE OF PKG-CONFIG]
run_example() {
    flags=
    if [ $# -gt 1 ]; then
        flags=$("$PKG_CONFIG" --cflags --libs "$2" 2>/dev/null) || {
            skip "loop_$1: $2 is not installed (Debian: $3)"
            return
        }
    fi
    # shellcheck disable=SC2086 # lists of words
    if ! ${CC:-cc} -Wall -Wextra -Werror -g ${SANITIZERS:-} -D_GNU_SOURCE -I"$SRCDIR/include" \
        -o "$work/loop_$1" "$SRCDIR/docs/examples/loop_$1.c" "$library" \
        -Wl,-rpath,"$BUILDDIR/.libs" $flags >"$work/compiler.out" 2>&1; then
        cat "$work/compiler.out"
        fail "loop_$1 compiles"
        return
    fi
    rm -rf "$work/root/tree."?
    "$work/loop_$1" "$url" >"$work/example.out" 2>&1
    ended=$?
    check "loop_$1 comes to its end" test $ended -eq 0
    check "loop_$1: three copies are done" \
        test "$(grep -c -e 'answered 201' -e 'job is done' -e 'monitor' "$work/example.out")" -eq 3
    check "loop_$1: interims came" grep -q ': interim 102$' "$work/example.out"
    check "loop_$1: a monitor was polled" grep -q ': poll 20' "$work/example.out"
    ticks=$(sed -n 's/ ticks meanwhile$//p' "$work/example.out")
    check "loop_$1: the loop's own timer went on" test "${ticks:-0}" -ge 5
    for copy in 1 2 3; do
        check "loop_$1: copy $copy is there" diff -r "$work/root/tree" "$work/root/tree.$copy"
    done
    [ "$failed" -eq 0 ] || cat "$work/example.out"
}

run_example epoll
run_example uv libuv libuv1-dev
run_example glib glib-2.0 libglib2.0-dev
run_example event libevent_core libevent-dev
finish
