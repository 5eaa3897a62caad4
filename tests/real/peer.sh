# shellcheck shell=sh
# peer.sh - starting, watching and stopping real servers for the tests of this folder; sourced, not
# run. Gives $work (a folder of its own, removed at the end) and the functions of tests/report.sh.

SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
DAVCOPY=${DAVCOPY:-$BUILDDIR/davcopy}
ASK=${ASK:-$BUILDDIR/tests/real/ask}
. "$SRCDIR/tests/report.sh"
PATH=$PATH:/usr/sbin:/sbin
export PATH

peer_pids=
work=$(mktemp -d) || exit 1
chmod 755 "$work"

peer_cleanup() {
    for peer_pid in $peer_pids; do
        kill "$peer_pid" 2>/dev/null
    done
    wait
    rm -rf "$work"
}
trap peer_cleanup EXIT
trap 'exit 1' HUP INT TERM

# A port at random, for servers that cannot be asked to take a free one and to tell it. It may be
# taken: peer_start then says so and the caller tries another.
random_port() {
    echo $((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
}

# from_template FILE PORT [PEER_PORT]: a config of this folder with its @WORDS@ replaced.
from_template() {
    sed -e "s,@PORT@,$2,g" -e "s,@PEER_PORT@,${3:-0},g" -e "s,@DIR@,$work,g" \
        -e "s,@MODULES@,${modules:-},g" -e "s,@USER@,${user:-},g" -e "s,@GROUP@,${group:-},g" \
        "$SRCDIR/tests/real/$1"
}

# peer_start SIGN COMMAND ...: starts a server and waits until the file SIGN has content or is a
# socket. Returns 1 when the server ended before (its port was taken, most likely). $peer_pid is its
# process.
peer_start() {
    peer_sign=$1
    shift
    rm -f "$peer_sign"
    "$@" >"$work/server.out" 2>"$work/server.err" </dev/null &
    peer_pid=$!
    peer_tries=0
    while [ ! -s "$peer_sign" ] && [ ! -S "$peer_sign" ]; do
        peer_tries=$((peer_tries + 1))
        if ! kill -0 $peer_pid 2>/dev/null; then
            wait $peer_pid
            return 1
        fi
        if [ $peer_tries -gt 200 ]; then
            kill $peer_pid
            return 1
        fi
        sleep 0.05
    done
    peer_pids="$peer_pids $peer_pid"
}

# apache_is_there MODULE ...: sets $server, $modules, $user and $group, or ends the script. Started by root
# it gives up its rights, and then needs to own what it serves.
apache_is_there() {
    # shellcheck disable=SC2034 # for the caller
    server=$(command -v apache2 || command -v httpd) ||
        skip_all "apache is not installed (Debian: apache2-bin, Fedora: httpd)"
    modules=
    for folder in /usr/lib/apache2/modules /usr/lib64/httpd/modules /usr/lib64/apache2 \
        /usr/lib/httpd/modules /usr/lib/apache2; do
        if [ -z "$modules" ] && [ -e "$folder/mod_dav_fs.so" ]; then modules=$folder; fi
    done
    for module in dav_fs "$@"; do
        [ -e "$modules/mod_$module.so" ] || skip_all "apache has no mod_$module"
    done
    user=$(server_user www-data apache wwwrun http)
    group=$(id -gn "$user")
}

# server_user CANDIDATE ...: who a server is to run as: the first that is there if this is root, else us
server_user() {
    if [ "$(id -un)" = root ]; then
        for candidate in "$@"; do
            id -un "$candidate" 2>/dev/null && return
        done
    fi
    id -un
}

# The server could not be started at all: that is a failure, not a skip.
peer_failed() {
    sed 's/^/    /' "$work/server.out" "$work/server.err"
    fail "$1 starts"
    finish
}

# A tree to copy, below $1.
sample_tree() {
    mkdir -p "$1/tree/sub/deep" "$1/tree/empty"
    echo "one" >"$1/tree/one.txt"
    head -c 300000 /dev/urandom >"$1/tree/sub/two.bin"
    echo "three" >"$1/tree/sub/deep/name with blanks.txt"
    : >"$1/tree/sub/nothing"
    head -c 5000 /dev/urandom >"$1/file.bin"
}

# run_davcopy NAME OPTION ... : runs it; $code is its exit code, $log its event log.
run_davcopy() {
    log=$work/$1.jsonl
    shift
    "$DAVCOPY" --log "$log" "$@" >"$work/davcopy.out" 2>"$work/davcopy.err" </dev/null
    code=$?
}

# run_ask NAME REQUEST ...: by ask.c; $told is what it tells, $log its event log. $ask_client may hold options
# of the client.
run_ask() {
    log=$work/$1.jsonl
    shift
    # shellcheck disable=SC2086 # a list of words
    told=$("$ASK" ${ask_client:-} log="$log" "$@" 2>"$work/ask.err" </dev/null)
}

# tells LINES: but for the length of bodies
tells() {
    [ "$(echo "$told" | sed 's/ body=.*//')" = "$1" ] && return 0
    echo "    ask told:"
    echo "$told" | sed 's/^/    /' - "$work/ask.err"
    return 1
}

# ends_with CODE: said with all that is known if it is not so.
ends_with() {
    [ "$code" -eq "$1" ] && return 0
    echo "    davcopy ended with $code and not $1; it said:"
    sed 's/^/    /' "$work/davcopy.out" "$work/davcopy.err"
    return 1
}

# How many events of a kind the log of the last run has.
events() {
    grep -c "\"interim.event\":\"$1\"" "$log"
}

has_event() {
    [ "$(events "$1")" -gt 0 ]
}

# An event of kind $1 with member $2 equal to $3 (as JSON writes it).
event_has() {
    grep "\"interim.event\":\"$1\"" "$log" | grep -qF "\"$2\":$3" && return 0
    echo "    no $1 event has \"$2\":$3; the log:"
    sed 's/^/    /' "$log"
    return 1
}

same_tree() {
    diff -r "$1" "$2"
}
