#!/bin/sh
# Third-party copies between two storages (tests/real/tpc.py, which follows the WLCG document): pull
# and push with tokens, markers live and in the log, failures of either side, a client and a server
# that go away, redirects to a disk node.
set -u
SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
DAVCOPY=${DAVCOPY:-$BUILDDIR/davcopy}
. "$SRCDIR/tests/report.sh"
[ -x "$DAVCOPY" ] || skip_all "davcopy was not built (DAVCOPY=$DAVCOPY)"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null ||
    skip_all "python3 is not installed (apt-get install python3)"

work=$(mktemp -d) || exit 1
pids=
clean_up() {
    for pid in $pids; do kill "$pid" 2>/dev/null; done
    wait
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
limit=
command -v timeout >/dev/null && limit='timeout -k 5 60'
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

wait_for() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -le 400 ] || return 1
        sleep 0.05
    done
}

# storage NAME OPTION...: with a folder and a token of its name; sets $url and $pid.
storage() {
    name=$1
    shift
    mkdir -p "$work/$name"
    python3 "$SRCDIR/tests/real/tpc.py" "$work/$name" "$name-token" "$@" \
        >"$work/$name.out" 2>"$work/$name.err" </dev/null &
    pid=$!
    pids="$pids $pid"
    wait_for grep -qs listening "$work/$name.out" || { fail "tpc.py does not start"; finish; }
    url=$(sed -n 's/.*listening on \(.*\)\//\1/p' "$work/$name.out")
}

# copy OPTION... SOURCE DESTINATION: the active server is NEAR, the other one FAR.
copy() {
    $limit "$DAVCOPY" --header 'Authorization: Bearer near-token' --log "$work/log" \
        --transfer-header 'Authorization: Bearer far-token' "$@" >"$work/said" 2>&1 </dev/null
    code=$?
}

# judge CLAIM CODE PIECE: the last copy.
judge() {
    if [ "$code" -ne "$2" ]; then
        fail "$1: exit code $code, not $2: $(cat "$work/said")"
    elif ! grep -F -q -e "$3" "$work/said"; then
        fail "$1: does not say '$3': $(cat "$work/said")"
    else
        pass "$1"
    fi
}

storage far --pace 40
far=$url
storage near
near=$url near_pid=$pid
storage old --old
old=$url
storage cut --cut 131072
cut=$url
storage head --disk "$near"
head=$url
head -c 1000000 /dev/urandom >"$work/far/file"
head -c 300000 /dev/urandom >"$work/near/mine"
cp "$work/far/file" "$work/cut/file"

copy --tpc pull "$far/file" "$near/pulled"
judge "a pull" 0 "(markers, "
check "what was pulled is the same" cmp "$work/far/file" "$work/near/pulled"
check "the first marker is told" grep -q "first sign of life after" "$work/said"
check "markers are in the log, with their bytes" \
    grep -q '"interim.event":"marker".*"http.response.status_code":202.*"interim.done":[1-9]' "$work/log"
copy --tpc pull "$far/file" "$near/pulled"
judge "it is not overwritten" 1 "use --overwrite"
copy --tpc auto --overwrite --streams 4 "$far/file" "$near/pulled"
judge "auto is a pull, and --overwrite replaces" 0 "(markers, "
copy --tpc push "$near/mine" "$far/pushed"
judge "a push" 0 "(markers, "
check "what was pushed is the same" cmp "$work/near/mine" "$work/far/pushed"
copy --tpc pull "$far/none" "$near/none"
judge "the source says 404: the copy failed, though the status was 202" 1 "failure: the source answered 404"
copy --tpc pull "$cut/file" "$near/cut"
judge "the source refuses a token that is not for it" 1 "failure: the source answered 403"
copy --tpc pull --transfer-header 'X: y' "$far/file" "$head/at-disk"
judge "a redirect to another origin is not followed" 1 "points elsewhere (307)"
copy --tpc pull --trust 127.0.0.1 "$far/file" "$head/at-disk"
judge "... but to a host that is trusted" 0 "(markers, "
check "the disk node has it" cmp "$work/far/file" "$work/near/at-disk"

code=0
$limit "$DAVCOPY" --header 'Authorization: Bearer near-token' --tpc pull --log "$work/log" \
    --transfer-header 'Authorization: Bearer cut-token' "$cut/file" "$near/cut" >"$work/said" 2>&1 || code=$?
judge "the source ends too early: the copy failed" 1 "failure:"
check "and leaves nothing" test ! -e "$work/near/cut"
code=0
$limit "$DAVCOPY" --header 'Authorization: Bearer old-token' --tpc pull --log "$work/log" \
    --transfer-header 'Authorization: Bearer far-token' "$far/file" "$old/file" >"$work/said" 2>&1 || code=$?
judge "a server that answers 201, without a line end at the end" 0 "(markers, "
check "the same file" cmp "$work/far/file" "$work/old/file"

# Ctrl-C closes the connection, and this server stops then.
"$DAVCOPY" --header 'Authorization: Bearer near-token' --tpc pull --log "$work/stop.log" \
    --transfer-header 'Authorization: Bearer far-token' "$far/file" "$near/stopped" >"$work/said" 2>&1 &
client=$!
wait_for grep -qs '"interim.event":"marker"' "$work/stop.log"
kill -TERM $client
wait $client
code=$?
judge "stopped while it copies" 130 "interrupted"
check "the server has stopped, too" wait_for test ! -e "$work/near/stopped.part"
check "and keeps no part of it" test ! -e "$work/near/stopped"

# The server dies while it copies.
"$DAVCOPY" --header 'Authorization: Bearer near-token' --tpc pull --log "$work/dead.log" \
    --transfer-header 'Authorization: Bearer far-token' "$far/file" "$near/dead" >"$work/said" 2>&1 &
client=$!
wait_for grep -qs '"interim.event":"marker"' "$work/dead.log"
kill -KILL "$near_pid"
wait $client
code=$?
judge "the server died while it copied: nobody knows" 6 "how it ended is not known"
check "the COPY was sent once" test "$(grep -c 'COPY /dead' "$work/near.err")" -eq 1

check "no token is in a log or was said" \
    sh -c "! grep -l -e -token '$work'/*log '$work/said'"
finish
