#!/bin/sh
# What became of a COPY whose answer a real proxy lost: nginx with upstream keepalive swallows what
# follows a 102, HAProxy answers 504 before the copy is over. davcopy finds out by looking whether it was
# done, is going on, or never happened because the origin died before it wrote anything.
set -u
. "$(dirname "$0")/peer.sh"
DAVORIGIN=${DAVORIGIN:-$BUILDDIR/davorigin}

# origin OPTION ...: davorigin over $work/www, at $origin_port; after the first time at the same port.
origin_port=0
origin() {
    attempts=0
    until peer_start "$work/origin.out" sh -c 'exec "$@" >"$0"' "$work/origin.out" "$DAVORIGIN" \
        --root "$work/www" --listen "127.0.0.1:$origin_port" --log "$work/origin.log" "$@"; do
        attempts=$((attempts + 1))
        [ $attempts -lt 20 ] || peer_failed davorigin
        sleep 0.2
    done
    origin=$peer_pid
    origin_port=$(sed -n 's/.*:\([0-9]*\)\/$/\1/p' "$work/origin.out")
}

origin_dies() {
    kill -KILL "$origin"
    wait "$origin" 2>/dev/null
}

# The same three stories behind each proxy. $url: the proxy. $1: its name, $2: how davorigin answers.
stories() {
    mode="--answer $2 --interval 100 --steady"

    # shellcheck disable=SC2086 # options
    origin $mode --delay 2500
    run_davcopy "$1-done" --silence 5 "$url/file.bin" "$url/$1.bin"
    check "$1: the answer is lost and the COPY was done: 0" ends_with 0
    check "$1: that is certain" grep -q "it was done (certain)" "$work/davcopy.err"
    check "$1: and true" cmp "$work/www/file.bin" "$work/www/$1.bin"
    check "$1: looks are in the log" has_event look
    check "$1: the outcome of the COPY itself was unknown" event_has end interim.outcome '"unknown"'
    origin_dies

    # shellcheck disable=SC2086
    origin $mode --delay 2500
    run_davcopy "$1-running" --silence 4 --settle-time 4 "$url/long/" "$url/$1-long/"
    check "$1: a COPY that goes on: 5" ends_with 5
    check "$1: it says so" grep -q "the server is still at it" "$work/davcopy.err"
    check "$1: and it was not whole then" test ! -e "$work/www/$1-long/9"
    origin_dies

    # shellcheck disable=SC2086
    origin $mode --delay 60000
    log=$work/$1-never.jsonl
    "$DAVCOPY" --log "$log" --silence 3 --settle-time 12 "$url/file.bin" "$url/$1-never.bin" \
        >"$work/davcopy.out" 2>"$work/davcopy.err" </dev/null &
    copy=$!
    tries=0
    until grep '"COPY"' "$log" 2>/dev/null | grep -q '"sent"' || [ $tries -gt 400 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    sleep 0.3 # it is on its way through the proxy
    origin_dies
    # shellcheck disable=SC2086
    origin $mode
    wait $copy
    code=$?
    check "$1: the origin died before it began: 8" ends_with 8
    check "$1: that is likely" grep -q "it never happened (likely)" "$work/davcopy.err"
    check "$1: and true" test ! -e "$work/www/$1-never.bin"
    origin_dies
}

mkdir "$work/www" "$work/www/long"
head -c 50000 /dev/urandom >"$work/www/file.bin"
for i in 1 2 3 4 5 6 7 8 9; do echo $i >"$work/www/long/$i"; done
: >"$work/origin.log"

# proxy NAME TEMPLATE SIGN COMMAND ...: on a free port, in front of the origin; the config is $config.
proxy() {
    name=$1 template=$2 sign=$3
    shift 3
    attempts=0
    until
        port=$(random_port)
        from_template "$template" "$port" "$origin_port" >"$work/$name.conf"
        peer_start "$sign" "$@" "$work/$name.conf"
    do
        attempts=$((attempts + 1))
        [ $attempts -lt 10 ] || peer_failed "$name"
    done
    url=http://127.0.0.1:$port
}

origin --answer plain
origin_dies
if command -v nginx >/dev/null 2>&1; then
    proxy nginx settle.conf "$work/nginx.pid" nginx -e "$work/nginx.err" -p "$work" -c
    stories nginx 102
else
    skip "nginx is not installed (package nginx-light)"
fi
if command -v haproxy >/dev/null 2>&1; then
    proxy haproxy haproxy.cfg "$work/haproxy.sock" haproxy -db -f
    stories haproxy plain
    log=$work/haproxy-done.jsonl
    check "haproxy: it was a 504" event_has response http.response.status_code 504
else
    skip "haproxy is not installed (package haproxy)"
fi
finish
