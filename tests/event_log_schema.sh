#!/bin/sh
# Tests that event logs fit docs/event-log.schema.json, that the schema can fail, and that
# docs/event-log.md describes all of it.
#
#   tests/event_log_schema.sh LOG                                 validates that log
#   DAVCOPY=./davcopy DAVORIGIN=./davorigin tests/event_log_schema.sh makes logs and validates them
#
# Exit: 0 passed, 1 failed, 77 skipped (python3-jsonschema or the tools are missing). davorigin
# listens on a free loopback port and is ended by its process id. KEEP=1 keeps the working folder.
set -u

here=$(cd "$(dirname "$0")" && pwd)
docs=$here/../docs
validator=$here/event_log_validate.py
schema=$docs/event-log.schema.json

skip() {
    echo "event_log_schema.sh: skipped, $1"
    exit 77
}

validate() {
    command=$1
    shift
    python3 "$validator" "$schema" "$command" "$@"
}

command -v python3 >/dev/null || skip "python3 is not installed (apt-get install python3)"
validate examples /dev/null ||
    skip "python3-jsonschema is missing or too old (apt-get install python3-jsonschema)"

if [ $# -gt 0 ]; then
    validate check "$1" && validate mutants "$1"
    exit
fi

work=$(mktemp -d) || exit 1
server=
passed=0
failed=0

stop_server() {
    [ -n "$server" ] || return 0
    kill -TERM "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    server=
}

finish() {
    stop_server
    if [ -n "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# expect NAME COMMAND...: one test.
expect() {
    name=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        echo "ok: $name ($(tail -n 1 "$work/output"))"
        passed=$((passed + 1))
    else
        echo "FAILED: $name"
        sed 's/^/    /' "$work/output"
        failed=$((failed + 1))
    fi
}

# start_server OPTIONS...: sets $port.
start_server() {
    : >"$work/server"
    "$DAVORIGIN" --root "$work/root" --listen 127.0.0.1:0 "$@" >"$work/server" 2>&1 &
    server=$!
    port=
    tries=0
    while [ -z "$port" ] && [ $tries -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
        port=$(sed -n 's|^davorigin: listening on http://[^/]*:\([0-9]*\)/.*|\1|p' "$work/server")
    done
    [ -n "$port" ]
}

# copies STATUS LOG DESTINATION OPTIONS...: davcopy ends with that status and leaves a log.
copies() {
    wanted=$1
    log=$2
    destination=$3
    shift 3
    "$DAVCOPY" --quiet --log "$log" "$@" \
        "http://127.0.0.1:$port/source/" "http://127.0.0.1:$port/$destination/"
    status=$?
    if [ $status -ne "$wanted" ]; then
        echo "davcopy ended with $status, not $wanted"
        return 1
    fi
    test -s "$log" && echo "status $status"
}

# holds LOG KIND...: all these kinds of events are in the log.
holds() {
    log=$1
    shift
    validate kinds "$log" >"$work/kinds"
    for kind in "$@"; do
        grep -qx "$kind" "$work/kinds" || { echo "no event '$kind'"; return 1; }
    done
    sort "$work/kinds" | uniq -c | awk '{ printf "%s %s ", $2, $1 } END { print "" }'
}

rejects() {
    ! validate check "$1"
}

has_no_secret() {
    # The password, and the two together as Basic has them.
    if grep -n -e 'geheim' -e 'bmFtZTpnZWhlaW' "$1"; then return 1; fi
    echo "none"
}

validate examples "$docs/event-log.md" >"$work/examples"
expect "the examples of the manual are valid" validate check "$work/examples"
expect "damaged examples are rejected" validate mutants "$work/examples"
expect "the manual has each member of the schema" validate documented "$docs/event-log.md"
sed 1d "$work/examples" >"$work/hole"
expect "a log with a hole is rejected" rejects "$work/hole"
printf '{"time":' >"$work/torn"
expect "a torn line is rejected" rejects "$work/torn"

for tool in "${DAVCOPY:-davcopy}" "${DAVORIGIN:-davorigin}"; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: logs of davcopy, there is no program $tool (set DAVCOPY and DAVORIGIN)"
        echo "$passed passed, $failed failed, 1 skipped"
        [ $failed -eq 0 ] && exit 77
        exit 1
    fi
done
DAVCOPY=${DAVCOPY:-davcopy}
DAVORIGIN=${DAVORIGIN:-davorigin}

mkdir -p "$work/root/source/folder"
for file in one two three folder/four folder/five; do
    echo "$file" >"$work/root/source/$file"
done

check_log() {
    expect "$1: valid" validate check "$work/$1.log"
    expect "$1: damaged lines are rejected" validate mutants "$work/$1.log"
    expect "$1: no secret" has_no_secret "$work/$1.log"
}

# The way of 102, the answers plain and to a second copy that must not overwrite.
if start_server --answer 102 --interval 100 --steady --delay 150; then
    expect "102: davcopy" copies 0 "$work/102.log" copy102
    expect "102: kinds" holds "$work/102.log" start connected sent interim response end
    check_log 102
    expect "refused: davcopy" copies 1 "$work/refused.log" copy102
    check_log refused
else
    expect "davorigin --answer 102 starts" cat "$work/server" /nonexistent
fi
stop_server

# Nobody listens where the server was: no connection.
if [ -n "$port" ]; then
    expect "unreachable: davcopy" copies 4 "$work/unreachable.log" copy
    expect "unreachable: kinds" holds "$work/unreachable.log" start end
    check_log unreachable
fi

if start_server --answer 202 --delay 400 --user "name:geheim"; then
    echo geheim >"$work/password"
    expect "202: davcopy" copies 0 "$work/202.log" copy202 \
        --user name --password-file "$work/password"
    expect "202: kinds" holds "$work/202.log" \
        start connected sent response accepted waiting poll end
    check_log 202
else
    expect "davorigin --answer 202 starts" cat "$work/server" /nonexistent
fi
stop_server

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
