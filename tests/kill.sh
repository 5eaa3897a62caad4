#!/bin/sh
# kill.sh - davcopy --token is killed between two system calls, and resumed. Whenever that is, the
# server sees at most one COPY, and exactly one where davcopy can go on; a COPY that was accepted is
# followed to its end; and where nobody can know, davcopy says so and sends nothing.
#
# Some 70 places spread over the run; KILL_STRIDE=1 tries every one:
#
#     KILL_STRIDE=1 make check TESTS=tests/kill.sh

SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
DAVCOPY=${DAVCOPY:-$BUILDDIR/davcopy}
DAVORIGIN=${DAVORIGIN:-$BUILDDIR/davorigin}
KILLER=$BUILDDIR/tests/davcopy/killer
. "$SRCDIR/tests/report.sh"

for program in "$DAVCOPY" "$DAVORIGIN" "$KILLER"; do
    [ -x "$program" ] || skip_all "$program was not built"
done
# libtool's wrapper would be traced, too.
[ -x "$BUILDDIR/.libs/davcopy" ] && DAVCOPY=$BUILDDIR/.libs/davcopy
LD_LIBRARY_PATH=$BUILDDIR/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# LeakSanitizer traces, and cannot be traced.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
LC_ALL=C
export LD_LIBRARY_PATH ASAN_OPTIONS LC_ALL
unset http_proxy https_proxy all_proxy

work=$(mktemp -d) || exit 1
server=
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    wait
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

"$KILLER" 0 true >"$work/out" 2>&1
[ $? -eq 77 ] && skip_all "ptrace is not permitted here"

wait_for() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -le 400 ] || return 1
        sleep 0.05
    done
}

mkdir "$work/root"
"$DAVORIGIN" --root "$work/root" --listen 127.0.0.1:0 --answer 202 --retry-after 0 --delay 100 \
    --log "$work/log" >"$work/server" 2>&1 </dev/null &
server=$!
wait_for grep -qs 'listening on' "$work/server" || { fail "davorigin did not start"; finish; }
url=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$work/server")
url=${url%/}

# How many COPYs of a source the server has seen.
copies() {
    grep -c " COPY /source-$1 " "$work/log"
}

seen_once() {
    [ "$(copies "$1")" -eq 1 ]
}

go_on() {
    timeout -k 5 60 "$DAVCOPY" --resume "$work/token-$1" >"$work/out" 2>"$work/err" </dev/null
}

# try N: kills at the N-th call; sets $state and $problem.
try() {
    echo "content $1" >"$work/root/source-$1"
    timeout -k 5 60 "$KILLER" "$1" "$DAVCOPY" --token "$work/token-$1" "$url/source-$1" \
        "/copy-$1" >"$work/out" 2>"$work/err" </dev/null
    problem=
    if [ ! -e "$work/token-$1" ]; then
        if grep -q '^copied' "$work/out"; then state=ended; else state=unbegun; fi
    elif [ ! -s "$work/token-$1" ]; then
        state=empty
    elif grep -q '^prepared$' "$work/token-$1"; then
        state=prepared
    else
        state=token
    fi
    look "$1"
}

look() {
    case $state in
    unbegun | empty)
        [ "$(copies "$1")" -eq 0 ] || problem="a COPY was sent before that was noted"
        if [ $state = empty ] && go_on "$1"; then problem="an empty file is resumed"; fi
        ;;
    prepared)
        go_on "$1"
        [ $? -eq 6 ] || problem="resumed from prepared, and it did not say unknown"
        [ "$(copies "$1")" -le 1 ] || problem="two COPYs"
        ;;
    token)
        go_on "$1" || problem="it was not resumed: $(cat "$work/err")"
        [ ! -e "$work/token-$1" ] || problem="the file is still there"
        ;;
    esac
    case $state in
    token | ended)
        wait_for seen_once "$1" || problem="$(copies "$1") COPYs"
        cmp -s "$work/root/source-$1" "$work/root/copy-$1" || problem="the copy is not there"
        ;;
    esac
}

echo content >"$work/root/source-0"
calls=$("$KILLER" 0 "$DAVCOPY" -q --token "$work/token-0" "$url/source-0" /copy-0 2>"$work/err")
case $calls in
'' | *[!0-9]*) fail "davcopy under the tracer: $calls $(cat "$work/err")" && finish ;;
esac
pass "a run makes $calls system calls"

stride=${KILL_STRIDE:-$((calls / 70 + 1))}
unbegun=0 empty=0 prepared=0 token=0 ended=0 bad=0
at=1
while [ $at -le "$calls" ]; do
    try $at
    eval "$state=\$(($state + 1))"
    if [ -n "$problem" ]; then
        fail "killed at call $at ($state): $problem"
        bad=$((bad + 1))
    fi
    at=$((at + stride))
done
check "killed: $unbegun unbegun, $empty empty, $prepared prepared, $token with a token, $ended ended" \
    [ $bad -eq 0 ]
check "some were resumed" [ $token -gt 0 ]
finish
