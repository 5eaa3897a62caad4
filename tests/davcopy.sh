#!/bin/sh
# davcopy.sh - davcopy from end to end: against davorigin, a real WebDAV server that answers in all
# three ways, and against davcopy/dumb.c, a server that says what it is told to. Each case asserts
# the exit code and a piece of what is said.
#
# DAVCOPY and DAVORIGIN name the programs. dumb and the unit tests of parts.c are taken from
# $BUILDDIR/tests/davcopy, or dumb is compiled here with $CC.

SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
DAVCOPY=${DAVCOPY:-$BUILDDIR/davcopy}
DAVORIGIN=${DAVORIGIN:-$BUILDDIR/davorigin}
. "$SRCDIR/tests/report.sh"

[ -x "$DAVCOPY" ] || skip_all "davcopy was not built (DAVCOPY=$DAVCOPY)"
[ -x "$DAVORIGIN" ] || skip_all "davorigin was not built (DAVORIGIN=$DAVORIGIN)"

work=$(mktemp -d) || exit 1
pids=
clean_up() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null
    done
    wait
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

limit=
command -v timeout >/dev/null && limit='timeout -k 5 60'
LC_ALL=C
export LC_ALL
unset NO_COLOR

# ---- Running and looking

# run ARGUMENT...: davcopy, with $code, $work/out and $work/err.
run() {
    $limit "$DAVCOPY" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
}

said() {
    grep -F -q -e "$1" "$work/out" "$work/err"
}

# judge CLAIM CODE PIECE: the last run.
judge() {
    if [ "$code" -ne "$2" ]; then
        fail "$1: exit code $code, not $2: $(tail -n 1 "$work/err")"
    elif ! said "$3"; then
        fail "$1: does not say '$3': $(cat "$work/out" "$work/err")"
    else
        pass "$1"
    fi
}

# expect CLAIM CODE PIECE ARGUMENT...
expect() {
    expect_claim=$1 expect_code=$2 expect_piece=$3
    shift 3
    run "$@"
    judge "$expect_claim" "$expect_code" "$expect_piece"
}

# wait_for CONDITION...: until it holds, at most 20 s.
wait_for() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -le 400 ] || return 1
        sleep 0.05
    done
}

holds() {
    grep -q -e "$1" "$2" 2>/dev/null
}

# ---- Servers

# listening FILE: sets $url from the line that both servers print.
listening() {
    wait_for holds 'listening on' "$1" || return 1
    url=$(sed -n 's/.*listening on \(http[s]*:[^ ]*\).*/\1/p' "$1" | head -n 1)
    url=${url%/}
}

# origin OPTION...: davorigin over a fresh tree in $root, at $url, as $origin.
origin() {
    [ -z "${origin:-}" ] || kill "$origin" 2>/dev/null
    root=$(mktemp -d "$work/root.XXXXXX")
    mkdir -p "$root/tree/sub" "$root/inner"
    echo one >"$root/tree/one"
    echo two >"$root/tree/two"
    echo three >"$root/tree/sub/three"
    echo hello >"$root/file"
    "$DAVORIGIN" --root "$root" --listen 127.0.0.1:0 "$@" >"$root.out" 2>"$root.err" </dev/null &
    origin=$!
    pids="$pids $origin"
    listening "$root.out" || { fail "davorigin $* did not start: $(cat "$root.err")"; finish; }
}

# dumb RULE...: the dumb server, at $url, with its log in $dumb_log.
dumb() {
    [ -z "${dumb_pid:-}" ] || kill "$dumb_pid" 2>/dev/null
    dumb_log=$(mktemp "$work/dumb.XXXXXX")
    "$dumb_program" "$dumb_log" "$@" >"$dumb_log.out" 2>&1 </dev/null &
    dumb_pid=$!
    pids="$pids $dumb_pid"
    listening "$dumb_log.out" || { fail "dumb did not start"; finish; }
}

# once METHOD: the dumb server was asked that exactly once.
once() {
    [ "$(grep -c "^$1 " "$dumb_log")" -eq 1 ]
}

never() {
    ! grep -q "^$1 " "$dumb_log"
}

same_tree() {
    diff -r "$1" "$2" >/dev/null 2>&1
}

# ---- Third-party copies: tests/real/tpc.sh has two servers that make them

# Markers of a server that is asked to fetch, or to send; what comes behind them is the argument.
tpc_markers() {
    echo 'COPY =HTTP/1.1 202 A\r\nContent-Type: text/perf-marker-stream\r\n\r\nPerf Marker\nStripe Index: 0\nStripe Bytes Transferred: 1234567\nEnd\n\w'"$1"
}

test_third_party() {
    expect "another server without --tpc" 2 "use --tpc pull or push" http://h/a http://i/b
    expect "--tpc of another kind" 2 "--tpc both does not exist" --tpc both http://h/a http://i/b
    expect "--tpc with --move" 2 "--tpc cannot go with --move" -m --tpc pull http://h/a http://i/b
    expect "--streams without --tpc" 2 "need --tpc" --streams 2 http://h/a /b
    expect "--streams 0" 2 "from 1 to 1000" --tpc pull --streams 0 http://h/a http://i/b
    expect "--streams 1001" 2 "from 1 to 1000" --tpc pull --streams 1001 http://h/a http://i/b
    expect "--transfer-header without --tpc" 2 "needs --tpc" --transfer-header 'A: b' http://h/a /b
    expect "--transfer-header that is none" 2 "is not a field" --tpc pull --transfer-header b http://h/a /b
    expect "a field that --tpc sends" 2 "use --tpc pull" -H 'Source: x' http://h/a /b
    expect "--tpc with --netrc" 2 "there are two hosts" --tpc pull --netrc f http://h/a http://i/b
    expect "the same URL" 2 "onto itself" --tpc pull http://h/a http://h/a
    dumb "$(tpc_markers 'success: Created\n')"
    expect "a pull" 0 "(markers, 1 sign of life" --tpc pull --streams 3 --transfer-header 'Authorization: Bearer far' \
        http://far.test/a "$url/b"
    check "its bytes are told" said "202, 1.2 MB"
    check "the COPY goes to the destination" holds "^COPY /b HTTP/1.1" "$dumb_log"
    for line in 'Source: http://far.test/a' 'TransferHeaderAuthorization: Bearer far' \
        'X-Number-Of-Streams: 3' 'Credential: none' 'Overwrite: F'; do
        check "it has $line" holds "^$line" "$dumb_log"
    done
    check "it has no Depth" sh -c "! grep -q '^Depth' '$dumb_log'"
    check "and nothing else is asked" [ "$(grep -c 'HTTP/1.1' "$dumb_log")" -eq 1 ]
    dumb 'PROPFIND =HTTP/1.1 405 M\r\n\r\n' 'HEAD =HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n' \
        "$(tpc_markers 'success: Created\n')"
    expect "a push" 0 "(markers, 1 sign of life" --tpc push --transfer-header 'Authorization: Bearer far' "$url/a" http://far.test/b
    check "the COPY goes to the source" once COPY
    check "the question before has no TransferHeader" \
        [ "$(grep -c '^TransferHeaderAuthorization' "$dumb_log")" -eq 1 ]
    dumb "$(tpc_markers 'success')"
    expect "auto is a pull between servers" 0 "(markers, " --tpc auto http://far.test/a "$url/b"
    dumb "$(tpc_markers 'failure: no space at http://u:p@far.test/a?token=x\n')"
    expect "a failure" 1 "failure: no space at http://far.test/a?..." --tpc pull http://far.test/a "$url/b"
    dumb "$(tpc_markers 'aborted: by hand')"
    expect "aborted by somebody else" 1 "aborted: by hand" --tpc pull http://far.test/a "$url/b"
    dumb "$(tpc_markers '')"
    expect "the end without a word" 6 "1234567 bytes" --tpc pull http://far.test/a "$url/b"
    dumb "$(tpc_markers '\k')"
    expect "markers that stop" 6 "no sign of life for too long" --tpc pull --silence 1 http://far.test/a "$url/b"
    dumb "$(tpc_markers 'Perf Marker\nEnd\n\w\wPerf Marker\nEnd\n\k')"
    expect "bytes that stop" 6 "did not move" --tpc pull --stall 1 http://far.test/a "$url/b"
    dumb "$(tpc_markers '\k')"
    expect "a deadline closes the connection: unknown" 6 "total limit" --tpc pull --deadline 1 http://far.test/a "$url/b"
    dumb 'COPY =HTTP/1.1 201 C\r\nContent-Length: 0\r\n\r\n'
    expect "a plain 201" 0 "(plain answer" --tpc pull http://far.test/a "$url/b"
    dumb 'COPY =HTTP/1.1 200 O\r\nContent-Length: 0\r\n\r\n'
    expect "a 200 proves nothing" 6 "proves nothing" --tpc pull http://far.test/a "$url/b"
    dumb 'COPY =HTTP/1.1 202 A\r\n\r\n\z\z\nsuccess'
    expect "a stream of much else" 0 "(plain answer" --tpc pull http://far.test/a "$url/b"
    dumb 'COPY =HTTP/1.1 307 T\r\nLocation: http://disk.test/b\r\nContent-Length: 0\r\n\r\n'
    expect "a redirect elsewhere" 1 "points elsewhere (307)" --tpc pull http://far.test/a "$url/b"
    origin
    expect "a push of a collection" 2 "a third-party copy is of a file" --tpc push "$url/tree" http://far.test/b
}

# ---- The command line

test_usage() {
    expect "--help tells the exit codes" 0 "Exit codes: 0 done" --help
    expect "--version" 0 "davcopy 0." --version
    expect "no arguments" 2 "SOURCE is missing"
    expect "one argument" 2 "DESTINATION is missing" http://h/a
    expect "three arguments" 2 "one argument too many" http://h/a /b /c
    expect "an option that does not exist" 2 "no option --frob" --frob http://h/a /b
    expect "a letter that does not exist" 2 "no option -Z" -Z http://h/a /b
    expect "an option with a value it does not take" 2 "no option --move=1" --move=1 http://h/a /b
    expect "an option without its value" 2 "--log needs a value" http://h/a /b --log
    expect "--depth 1" 2 "--depth 1 does not exist" --depth 1 http://h/a /b
    expect "--depth 0 with --move" 2 "cannot go with --move" --depth 0 --move http://h/a /b
    expect "--quiet with --verbose" 2 "exclude each other" -q -v http://h/a /b
    expect "--silence 0" 2 "not a number of seconds" --silence 0 http://h/a /b
    expect "--silence nan" 2 "not a number of seconds" --silence nan http://h/a /b
    expect "--deadline 1e9" 2 "not a number of seconds" --deadline 1e9 http://h/a /b
    expect "--deadline of ten years" 2 "366 days" --deadline 315360000 http://h/a /b
    expect "a header without a colon" 2 "not a field" -H nonsense http://h/a /b
    expect "a header that davcopy sends" 2 "use --overwrite" -H 'overwrite: T' http://h/a /b
    expect "two logins" 2 "Authorization" -u a:b -H 'Authorization: x' http://h/a /b
    expect "--user without a name" 2 "no name" --user :secret http://h/a /b
    expect "--password-file without --user" 2 "needs --user" --password-file x http://h/a /b
    expect "a password file that is not there" 2 "cannot read the password file" \
        --user u --password-file "$work/none" http://h/a /b
    expect "a CA file that is not there" 2 "--cacert" --cacert "$work/none" http://127.0.0.1:9/a /b
    expect "a log that cannot be opened" 7 "cannot write the log" --log "$work/no/log" \
        http://127.0.0.1:9/a /b
}

test_urls() {
    expect "a URL without scheme" 2 "SOURCE cannot be used" h/a /b
    expect "a URL of another scheme" 2 "SOURCE cannot be used" ftp://h/a /b
    expect "a URL without host" 2 "SOURCE cannot be used" http:///a /b
    expect "a URL with a blank" 2 "SOURCE cannot be used" 'http://h/a b' /b
    expect "a URL with a line break" 2 "SOURCE cannot be used" "http://h/a
b" /b
    expect "a URL with a password" 2 "holds a user name" http://u:hush@h/a /b
    check "which is not shown" [ "$(grep -c hush "$work/err")" -eq 0 ]
    expect "a URL with a fragment" 2 "%23" 'http://h/a#b' /b
    expect "a destination with a fragment" 2 "%23" http://h/a '/b#c'
    expect "a destination with a blank" 2 "DESTINATION cannot be used" http://h/a '/b c'
    expect "a destination with a control character" 2 '\x1b[31m' http://h/a "$(printf '/\033[31m')"
    expect "onto itself" 2 "onto itself" http://h/a /a
    expect "onto itself, spelt differently" 2 "onto itself" http://H:80/a/ http://h/./x/../%61
    expect "onto itself, empty reference" 2 "onto itself" http://h/a ''
    expect "into itself" 2 "into itself" http://h/a/ /a/b
    expect "moved into itself" 2 "moved into itself" -m http://h/a /a//b
    expect "the root into itself" 2 "into itself" http://h/ /b
    expect "onto a collection that holds it" 2 "holds it" http://h/a/b /a/
    expect "onto the root" 2 "holds it" http://h/a /
    expect "to another host" 2 "another server" http://h/a http://g/b
    expect "to another port" 2 "another server" http://h/a http://h:8080/b
    expect "to another scheme" 2 "another server" http://h/a https://h/b
    expect "a name that cannot exist" 4 "nothing was copied" http://no-such-host.invalid/a /b
    long=$(head -c 17000 /dev/zero | tr '\0' a)
    expect "a URL that is too long" 2 "cannot be used" "http://h/$long" /b
    expect "a destination that is too long" 2 "cannot be used" http://h/a "/$long"
}

# ---- Against davorigin

test_plain() {
    origin
    expect "a file is copied" 0 "copied $url/file to $url/copy in" "$url/file" /copy
    check "the copy is there" cmp -s "$root/file" "$root/copy"
    check "the summary is one line on standard output" [ "$(wc -l <"$work/out")" -eq 1 ]
    expect "it says the way" 0 "(plain answer, 0 signs of life" "$url/file" "$url/copy2"
    expect "a relative destination" 0 "to $url/tree/uno in" "$url/tree/one" uno
    rm -f "$root/tree/uno"
    expect "a tree is copied, with slashes" 0 "copied $url/tree/ to $url/tree2/ in" "$url/tree" \
        /tree2
    check "the whole tree is there" same_tree "$root/tree" "$root/tree2"
    expect "--depth 0 copies no members" 0 "copied" --depth 0 "$url/tree" /empty
    check "no members are there" [ -z "$(ls "$root/empty")" ]
    expect "a file is moved" 0 "moved $url/copy to $url/gone in" --move "$url/copy" /gone
    check "the file is here" [ -f "$root/gone" ]
    check "and not there" [ ! -e "$root/copy" ]
    expect "a tree is moved" 0 "moved" -m "$url/tree2" /tree3
    check "the whole tree moved" same_tree "$root/tree" "$root/tree3"
    check "and is gone" [ ! -e "$root/tree2" ]
    echo new >"$root/file"
    expect "nothing is replaced by default" 1 "use --overwrite" "$url/file" /gone
    check "it is as before" [ "$(cat "$root/gone")" = hello ]
    expect "--overwrite replaces" 0 "copied" --overwrite "$url/file" /gone
    check "it is new" [ "$(cat "$root/gone")" = new ]
    expect "a source that is not there" 1 "does not exist (404)" "$url/nothing" /b
    expect "a parent that is not there" 1 "MKCOL" "$url/file" /no/such/place
    expect "a file to a name with a slash" 2 "without a slash" "$url/file" /inner/
    check "the folder of that name lives" [ -d "$root/inner" ]
    expect "names with escapes" 0 "to $url/a%20b%25c in" "$url/file" '/a%20b%25c'
    check "are decoded once" [ -f "$root/a b%c" ]
    expect "the query of a source is kept" 0 "copied" "$url/file?x=1" /queried
    run -q "$url/file" /quiet
    check "--quiet copies" [ "$code" -eq 0 ] && check "it is there" [ -f "$root/quiet" ]
    check "--quiet says nothing" [ ! -s "$work/out" ] && check "nor here" [ ! -s "$work/err" ]
    expect "--verbose shows events" 0 "COPY response 201" -v "$url/file" /loud
    expect "a field with a line break" 2 "--header X cannot be sent" \
        -H "X: a$(printf '\r')b" "$url/file" /crlf
    expect "a field of the connection" 2 "--header Content-Length cannot be sent" \
        -H "Content-Length: 3" "$url/file" /crlf
    check "and nothing was copied" [ ! -e "$root/crlf" ]
    "$DAVCOPY" "$url/file" /full >/dev/full 2>"$work/err"
    code=$?
    : >"$work/out"
    judge "no room for the summary" 7 "the summary could not be written"
    check "but it was copied" [ -f "$root/full" ]
}

test_102() {
    origin --answer 102 --interval 100 --steady --delay 150
    expect "102: a tree is copied" 0 "(102, " "$url/tree" /copy
    check "102: the whole tree is there" same_tree "$root/tree" "$root/copy"
    check "102: a first sign of life is told" said "first sign of life after"
    check "102: the beginning is told" said "copying $url/tree/ to $url/copy/"
    check "102: the end is told" said "ended after"
    expect "102: a tree is moved" 0 "moved" -m "$url/copy" /moved
    expect "102: --verbose shows the interims" 0 "interim 102 Processing" -v "$url/tree" /copy
    expect "102: a refusal after signs of life or before" 1 "use --overwrite" "$url/tree" /copy
    origin --answer 102 --interval 100 --steady --delay 1500
    expect "102: a deadline" 5 "deadline" --deadline 3 "$url/tree" /late
    check "102: the server goes on after our deadline" wait_for same_tree "$root/tree" "$root/late"
}

test_token() {
    origin --answer 202 --delay 300 --retry-after 1
    expect "--token: a tree is copied" 0 "copied" --token "$work/t" "$url/tree" /copy
    check "--token: the file is removed" [ ! -e "$work/t" ]
    expect "--token: a deadline" 5 "--resume goes on" --token "$work/t" --deadline 1 "$url/tree" /late
    check "--token: nobody else can read it" [ "$(stat -c %a "$work/t")" = 600 ]
    expect "--token: it is not overwritten" 2 "that of another copy" --token "$work/t" "$url/tree" /x
    cp -p "$work/t" "$work/damaged"
    sed -i 's/generic/generif/' "$work/damaged"
    expect "--resume: a damaged token" 7 "checksum is wrong" --resume "$work/damaged"
    chmod 644 "$work/damaged"
    expect "--resume: a file that others can read" 7 "yours alone" --resume "$work/damaged"
    expect "--resume: goes on" 0 "(202, " --resume "$work/t"
    check "--resume: the whole tree is there" same_tree "$root/tree" "$root/late"
    check "--resume: the file is removed" [ ! -e "$work/t" ]
    expect "--resume: no file" 7 "t cannot be used: No such file or directory; one whose copy has" \
        --resume "$work/t"
    expect "--resume: with a source" 2 "takes all from its file" --resume "$work/t" "$url/a" /b
    expect "--token: refused at once" 1 "does not exist" --token "$work/t" "$url/none" /b
    check "--token: and the file is gone" [ ! -e "$work/t" ]
    expect "--token: a folder that is not there" 7 "No such file" --token "$work/no/t" "$url/tree" /b
    (umask 077 && printf 'davcopy1 COPY F http://h/a http://h/b\nprepared\n' >"$work/t")
    expect "--resume: it may have been sent" 6 "may have been sent" --resume "$work/t"
    check "--resume: the file is kept" [ -s "$work/t" ]
}

test_202() {
    origin --answer 202 --end 200 --delay 300 --retry-after 1
    expect "202, 200 at the end: a tree is copied" 0 "(202, " "$url/tree" /copy
    check "202: the whole tree is there" same_tree "$root/tree" "$root/copy"
    expect "202: a tree is moved" 0 "moved" -m "$url/copy" /moved
    check "202: it is gone" [ ! -e "$root/copy" ]
    expect "202: nothing is replaced by default" 1 "use --overwrite" "$url/tree" /moved
    origin --answer 202 --end 200 --delay 1500 --retry-after 1
    expect "202: a deadline" 5 "--deadline" --deadline 3 "$url/tree" /late
    check "202: the server goes on after our deadline" wait_for same_tree "$root/tree" "$root/late"
    origin --answer 202 --end 303 --delay 300 --retry-after 1
    expect "202, 303 at the end: a tree is copied" 0 "(202, " "$url/tree" /copy
    check "303: the whole tree is there" same_tree "$root/tree" "$root/copy"
    origin --answer 202 --end 200 --fail-member two
    expect "202, 200 at the end: a job that failed" 1 "the job failed" "$url/tree" /copy
    origin --answer 202 --end 303 --fail-member two
    expect "202, 207 at the end: the member is named" 3 "failed (403): /tree/two" "$url/tree" /copy
    origin --answer plain --delay 300
    expect "Prefer goes with the COPY" 0 "(202, " -H 'Prefer: respond-async' "$url/tree" /copy
}

test_207() {
    origin --fail-member two
    expect "207: some members failed" 3 "1 member failed" "$url/tree" /copy
    check "207: the member is named" said "/two"
    check "207: the others are there" [ -f "$root/copy/one" ]
    origin --fail-member two --answer 102 --interval 50 --steady --delay 100
    expect "207 after 102s" 3 "1 member failed" -q "$url/tree" /copy
}

test_login() {
    origin --user anna:secret
    expect "401 without --user" 1 "give them with --user" "$url/file" /copy
    expect "401 with a wrong password" 1 "did not accept" --user anna:wrong "$url/file" /copy
    check "nothing was copied" [ ! -e "$root/copy" ]
    expect "--user NAME:PASSWORD" 0 "copied" --user anna:secret "$url/file" /copy
    printf 'secret\nrest\n' >"$work/password"
    expect "--password-file" 0 "copied" --user anna --password-file "$work/password" "$url/file" /c2
    printf 'secret\r\n' >"$work/password"
    expect "--password-file with CRLF" 0 "copied" -u anna --password-file "$work/password" \
        "$url/file" /c3
    printf 'secret\nrest\n' | "$DAVCOPY" -u anna --password-file - "$url/file" /c4 \
        >"$work/out" 2>"$work/err"
    code=$?
    judge "--password-file -" 0 "copied"
    head -c 2000 /dev/zero | tr '\0' p >"$work/password"
    expect "a password that is too long" 2 "longer than" -u anna --password-file "$work/password" \
        "$url/file" /c5
    expect "Authorization by --header" 0 "copied" -H 'Authorization: Basic YW5uYTpzZWNyZXQ=' \
        "$url/file" /c6
    if command -v setsid >/dev/null; then
        $limit setsid -w "$DAVCOPY" -u anna "$url/file" /c7 >"$work/out" 2>"$work/err" </dev/null
        code=$?
        judge "no password and no terminal" 2 "use --password-file"
    else
        skip "no password and no terminal: there is no setsid here"
    fi
    run -u anna:secret -v --log "$work/log.jsonl" "$url/file" /c8
    check "no password in the log" [ "$(grep -c -e secret -e YW5uYTpzZWNyZXQ "$work/log.jsonl")" -eq 0 ]
    check "nor on the screen" [ "$(cat "$work/out" "$work/err" |
        grep -c -e secret -e YW5uYTpzZWNyZXQ)" -eq 0 ]
}

test_log() {
    origin --answer 102 --interval 50 --steady --delay 60
    rm -f "$work/log"
    expect "a log is written" 0 "copied" --log "$work/log" "$url/tree" /copy
    check "it holds the interims" [ "$(grep -c '"interim"' "$work/log")" -ge 1 ]
    check "each line is an object" [ "$(grep -c -v '^{.*}$' "$work/log")" -eq 0 ]
    lines=$(wc -l <"$work/log")
    expect "a log is appended to" 0 "copied" --log "$work/log" "$url/file" /copy2
    check "it grew" [ "$(wc -l <"$work/log")" -gt "$lines" ]
    expect "a log on standard error" 0 '"interim"' --log - "$url/tree" /copy3
    if [ -c /dev/full ]; then
        expect "a log that cannot be written" 7 "the log is not complete" --log /dev/full \
            "$url/file" /copy4
        check "but it was copied" [ -f "$root/copy4" ]
    fi
}

test_tls() {
    command -v openssl >/dev/null || {
        skip "TLS: there is no openssl command to make a certificate with"
        return
    }
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=davorigin \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" \
        >"$work/openssl" 2>&1 || {
        fail "openssl: $(cat "$work/openssl")"
        return
    }
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other \
        -addext subjectAltName=DNS:other.example -keyout "$work/key2.pem" -out "$work/cert2.pem" \
        >"$work/openssl" 2>&1
    origin --tls-cert "$work/cert.pem" --tls-key "$work/key.pem" --answer 102 --interval 50 \
        --steady --delay 100
    expect "TLS: an unknown certificate" 4 "--cacert" "$url/file" /copy
    check "TLS: nothing was copied" [ ! -e "$root/copy" ]
    expect "TLS: --cacert" 0 "(102, " --cacert "$work/cert.pem" "$url/tree" /copy
    check "TLS: the whole tree is there" same_tree "$root/tree" "$root/copy"
    expect "TLS: http to an https port" 4 "nothing was copied" "http${url#https}/file" /copy2
    expect "TLS: no PEM file" 2 "PEM" --cacert "$SRCDIR/LICENSE" "$url/file" /copy2
    origin --tls-cert "$work/cert2.pem" --tls-key "$work/key2.pem"
    expect "TLS: a certificate for another host" 4 "certificate" --cacert "$work/cert2.pem" \
        "$url/file" /copy
    origin
    expect "TLS: https to an http port" 4 "nothing was copied" "https${url#http}/file" /copy
}

# ---- Other ways to the server

test_ways() {
    origin --listen "unix:$work/dav.sock" --answer 102 --interval 50 --steady --delay 100
    expect "Unix socket: 102" 0 "(102, " --unix-socket "$work/dav.sock" --log "$work/way.jsonl" \
        http://no.such.test:81/tree /copy
    check "Unix socket: the whole tree is there" same_tree "$root/tree" "$root/copy"
    check "Unix socket: the log names it" \
        grep -q "\"network.transport\":\"unix\",\"network.peer.address\":\"$work/dav.sock\"" \
        "$work/way.jsonl"
    expect "Unix socket: no proxy is used" 0 copied --unix-socket "$work/dav.sock" \
        --proxy http://127.0.0.1:9 http://no.such.test/file /copy2
    kill "$origin" && wait "$origin" 2>/dev/null
    check "Unix socket: davorigin removes it" [ ! -e "$work/dav.sock" ]
    expect "Unix socket: nobody is there" 4 "dav.sock: No such file" \
        --unix-socket "$work/dav.sock" http://h/file /copy
    expect "Unix socket: no socket" 4 "it is no socket" --unix-socket "$work" http://h/file /copy
    expect "Unix socket: too long" 2 "1 to 107 bytes" \
        --unix-socket "/$(printf '%0120d' 0)" http://h/file /copy
    expect "Unix socket and --connect-to" 2 "--connect-to exclude each other" \
        --unix-socket a --connect-to b http://h/a /b
    origin --listen "unix:@davcopy-sh-$$" --answer 202 --interval 50 --delay 50
    expect "abstract socket: 202" 0 "(202, " --unix-socket "@davcopy-sh-$$" http://h/tree /copy

    origin
    expect "--connect-to" 0 copied --connect-to "${url#http://}" http://no.such.test/file /copy
    expect "--connect-to, where nobody is" 4 "127.0.0.1:9" --connect-to 127.0.0.1:9 \
        http://no.such.test/file /copy
    expect "--connect-to without a host" 2 "cannot be used" --connect-to :80 http://h/a /b
    expect "--connect-to nowhere" 2 "cannot be used" --connect-to '' http://h/a /b
    expect "--connect-to a wrong port" 2 "no port from 1" --connect-to h:65536 http://h/a /b
    expect "--local-address" 0 copied --local-address 127.0.0.1 "$url/file" /copy2
    expect "--local-address of another machine" 7 "no interface of this machine" \
        --local-address 192.0.2.1 "$url/file" /copy3
    expect "--local-address of the other family" 4 "no address of that family" \
        --local-address ::1 "$url/file" /copy3
    expect "--local-address that is none" 2 "name of an interface" --local-address 1.2.3 \
        "$url/file" /copy3
    check "and nothing was copied" [ ! -e "$root/copy3" ]
}

# ---- Signals, and a server that dies

# with_signals COMMAND...: in the background, with SIGINT as it is at a prompt (a shell without job
# control ignores it there).
with_signals() {
    : >"$work/err" # wait_for must not see what the last one said
    env --default-signal=INT,TERM,HUP "$@" >"$work/out" 2>"$work/err" </dev/null &
    copy_pid=$!
}

interrupted() {
    with_signals "$DAVCOPY" "$url/tree" "/copy.$1"
    wait_for holds "$2" "$work/err"
    kill "-$1" "$copy_pid"
    wait "$copy_pid"
    code=$?
}

test_signals() {
    env --default-signal=INT true 2>/dev/null || {
        skip "signals: env has no --default-signal here"
        return
    }
    origin --answer 102 --interval 100 --steady --delay 400
    for signal in INT TERM HUP; do
        interrupted $signal 'first sign of life'
        judge "102: SIG$signal ends the wait" 130 "not cancelled at the server"
        check "102: after SIG$signal the server finishes" wait_for same_tree "$root/tree" \
            "$root/copy.$signal"
    done
    origin --answer 202 --delay 400
    interrupted INT 'copying'
    judge "202: SIGINT ends the wait" 130 "interrupted"
    with_signals "$DAVCOPY" --cancel-job --token "$work/stopped" -v "$url/tree" /stopped
    wait_for holds 'copying' "$work/err"
    wait_for holds '202' "$work/err"
    kill -INT "$copy_pid"
    wait "$copy_pid"
    code=$?
    judge "202: --cancel-job stops the job" 130 "the server stopped the work"
    check "202: nothing is left to be resumed" [ ! -e "$work/stopped" ]
    check "202: and the server did not finish" \
        [ "$(find "$root/stopped" | wc -l)" -lt "$(find "$root/tree" | wc -l)" ]
    with_signals "$DAVCOPY" "$url/tree" /alone
    wait_for holds 'first sign of life' "$work/err"
    kill "$origin"
    check "202: a server that is gone is told of" wait_for holds \
        'warning: the monitor does not answer: .*: Connection refused; it is asked again' "$work/err"
    kill -INT "$copy_pid"
    wait "$copy_pid"
    code=$?
    judge "202: and the wait can be ended" 130 "interrupted: the wait is over"
    dumb 'PROPFIND =\k'
    with_signals "$DAVCOPY" "$url/tree" /copy
    wait_for holds '^PROPFIND' "$dumb_log"
    kill -INT "$copy_pid"
    wait "$copy_pid"
    code=$?
    judge "SIGINT before the COPY" 130 "nothing was copied"
    check "no COPY was sent" never COPY
}

# ends_by NUMBER: davcopy dies of this signal.
ends_by() {
    for _ in $(seq 300); do
        kill -0 "$copy_pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$copy_pid" 2>/dev/null
    wait "$copy_pid"
    [ $? -eq $((128 + $1)) ]
}

# Whatever davcopy still does after the first, the second ends it: here it cannot say goodbye,
# because nobody reads what it writes.
test_second_signal() {
    env --default-signal=INT true 2>/dev/null || {
        skip "a second signal: env has no --default-signal here"
        return
    }
    origin --answer 102 --interval 100 --steady --delay 400
    mkfifo "$work/full"
    exec 7<>"$work/full"
    dd if=/dev/zero of="$work/full" bs=4096 count=1024 oflag=nonblock 2>/dev/null
    for number in 2 15; do
        rm -f "$work/log.second"
        env --default-signal=INT,TERM,HUP "$DAVCOPY" --quiet --log "$work/log.second" \
            "$url/tree" "/copy.second.$number" >&7 2>&7 </dev/null 7>&- &
        copy_pid=$!
        wait_for holds '"interim.event":"interim"' "$work/log.second"
        kill -INT "$copy_pid"
        wait_for holds '"interim.outcome":"cancelled"' "$work/log.second"
        check "after SIGINT it wants to tell" kill -0 "$copy_pid"
        kill -$number "$copy_pid"
        check "signal $number after SIGINT ends it at once" ends_by $number
        check "and the server finishes" wait_for same_tree "$root/tree" "$root/copy.second.$number"
    done
    check "it did not tell" [ "$(dd bs=4096 count=1024 iflag=nonblock <&7 2>/dev/null |
        tr -d '\0' | wc -c)" -eq 0 ]
    exec 7>&-
    # Both at once.
    with_signals "$DAVCOPY" "$url/tree" /copy.both
    wait_for holds 'first sign of life' "$work/err"
    kill -STOP "$copy_pid"
    kill -INT "$copy_pid"
    kill -TERM "$copy_pid"
    kill -CONT "$copy_pid"
    check "SIGINT and SIGTERM at once end it" ends_by 15
}

# ---- .netrc: what of it is refused (what it says is tested by tests/davcopy/parts_netrc.c)

netrc() {
    printf %b "$1" >"$work/netrc"
    chmod "${2:-600}" "$work/netrc"
}

test_netrc() {
    origin --user anna:secret
    netrc 'machine other.example login x password y\ndefault login anna password secret\n'
    expect "netrc: the default entry" 0 "copied" --netrc "$work/netrc" "$url/file" /copy
    netrc 'macdef m\nmachine 127.0.0.1 login x password y\n\nmachine 127.0.0.1 login anna password "secret"'
    expect "netrc: behind a macro, in quotes" 0 "copied" --netrc "$work/netrc" "$url/file" /copy2
    netrc 'machine other.example login anna password secret\n'
    expect "netrc: not this host" 1 "401" --netrc "$work/netrc" "$url/file" /copy3
    netrc 'machine 127.0.0.1 login anna\n'
    expect "netrc: no password" 2 "not both login and password" --netrc "$work/netrc" "$url/file" \
        /copy3
    netrc 'machine 127.0.0.1 login anna password secret' 640
    expect "netrc: open to others" 2 "chmod 600" --netrc "$work/netrc" "$url/file" /copy3
    netrc 'machine 127.0.0.1 login anna password sec\0ret\n'
    expect "netrc: NUL" 2 "cannot be understood" --netrc "$work/netrc" "$url/file" /copy3
    netrc 'machine 127.0.0.1 login anna password "secret'
    expect "netrc: an open quote" 2 "cannot be understood" --netrc "$work/netrc" "$url/file" /copy3
    head -c 100000000 /dev/zero | tr '\0' a >"$work/netrc"
    expect "netrc: a line of 100 MB" 2 "longer than" --netrc "$work/netrc" "$url/file" /copy3
    rm -f "$work/netrc"
    expect "netrc: not there" 2 "No such file" --netrc "$work/netrc" "$url/file" /copy3
    expect "netrc: a folder" 2 "not a file" --netrc "$work" "$url/file" /copy3
    mkfifo -m 600 "$work/netrc"
    expect "netrc: a pipe" 2 "not a file" --netrc "$work/netrc" "$url/file" /copy3
    check "netrc: none of these copied" [ ! -e "$root/copy3" ]
}

test_death() {
    origin --answer 102 --interval 100 --steady --delay 2000
    : >"$work/err"
    "$DAVCOPY" --settle-time 2 "$url/tree" /copy >"$work/out" 2>"$work/err" &
    copy_pid=$!
    wait_for holds 'first sign of life' "$work/err"
    kill -KILL "$origin"
    wait "$copy_pid"
    code=$?
    judge "the server dies after a 102" 6 "before asking again"
    check "looking does not tell either" said "looking does not tell"
    expect "and is not there any more" 4 "nothing was copied" "$url/tree" /copy
}

# ---- Against the dumb server

OK='Content-Length: 0\r\nConnection: close\r\n\r\n'
FILE='HTTP/1.1 207 M\r\nConnection: close\r\n\r\n<multistatus xmlns="DAV:"><response>'
FILE=$FILE'<href>/a</href><propstat><prop><resourcetype/></prop><status>HTTP/1.1 200 OK</status>'
FILE=$FILE'</propstat></response></multistatus>'

# told CLAIM CODE PIECE ANSWER: a WebDAV server gives this answer to COPY, and is asked once.
told() {
    dumb "PROPFIND /a =$FILE" "COPY =$4"
    expect "$1" "$2" "$3" --no-settle "$url/a" /b
    once COPY || fail "$1: COPY was sent $(grep -c '^COPY ' "$dumb_log") times"
}

test_refusals() {
    told "403" 1 "forbids it (403)" 'HTTP/1.1 403 Forbidden\r\n'"$OK"
    told "405" 1 "WebDAV server" 'HTTP/1.1 405 No\r\n'"$OK"
    told "409" 1 "MKCOL" 'HTTP/1.1 409 Conflict\r\n'"$OK"
    told "412" 1 "--overwrite" 'HTTP/1.1 412 X\r\n'"$OK"
    told "418" 1 "418" 'HTTP/1.1 418 X\r\n'"$OK"
    told "423" 1 "locked" 'HTTP/1.1 423 Locked\r\n'"$OK"
    told "501" 1 "WebDAV server" 'HTTP/1.1 501 X\r\n'"$OK"
    told "507" 1 "no room" 'HTTP/1.1 507 X\r\n'"$OK"
    told "a redirect" 1 "http://elsewhere.example/" \
        'HTTP/1.1 301 X\r\nLocation: http://elsewhere.example/\r\n'"$OK"
    told "problem details are printed" 1 "the server says: Locked: by alice until Monday" \
        'HTTP/1.1 423 Locked\r\nConnection: close\r\nContent-Type: application/problem+json\r\n\r\n{"title":"Locked","detail":"by alice until Monday"}'
    told "500 is unknown" 6 "before asking again" 'HTTP/1.1 500 X\r\n'"$OK"
    told "502 is unknown" 6 "before asking again" 'HTTP/1.1 502 X\r\n'"$OK"
    told "504 after a 102 is unknown" 6 "before asking again" \
        'HTTP/1.1 102 X\r\n\r\nHTTP/1.1 504 X\r\n'"$OK"
    told "403 after a 102 is a refusal" 1 "forbids" \
        'HTTP/1.1 102 X\r\n\r\nHTTP/1.1 403 X\r\n'"$OK"
    told "a 202 without a monitor" 5 "cannot be asked" 'HTTP/1.1 202 Accepted\r\n'"$OK"
}

test_malformed() {
    told "no answer at all" 6 "before asking again" ''
    told "an answer that is not HTTP" 6 "before asking again" 'GARBAGE\r\n\r\n'
    told "a cut in the status line" 6 "before asking again" 'HTTP/1.1 201 Cre'
    told "a cut in the head" 6 "before asking again" 'HTTP/1.1 201 Created\r\nServer: x'
    told "a cut after a 102" 6 "before asking again" 'HTTP/1.1 102 Processing\r\n\r\n'
    told "a cut in the head after a 102" 6 "before asking again" \
        'HTTP/1.1 102 P\r\n\r\nHTTP/1.1 201'
    told "a cut in a body" 6 "before asking again" 'HTTP/1.1 207 X\r\nContent-Length: 99\r\n\r\n<a'
    told "a malformed field" 6 "before asking again" 'HTTP/1.1 201 X\r\nno colon\r\n\r\n'
    told "a body of two lengths" 6 "before asking again" \
        'HTTP/1.1 201 X\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'
    told "a malformed chunk" 6 "before asking again" \
        'HTTP/1.1 207 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'
    told "a switch of protocols" 6 "before asking again" 'HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n'
    dumb 'PROPFIND =GARBAGE\r\n\r\n'
    expect "a question that is not answered in HTTP" 4 "nothing was copied" "$url/a" /b
    check "no COPY is sent after that" never COPY
    dumb "PROPFIND /a =$FILE" 'COPY =HTTP/1.1 102 X\r\n\r\n\k'
    expect "silence after a 102" 6 "--silence" --no-settle --silence 2 "$url/a" /b
    check "and asked once" once COPY
    dumb "PROPFIND /a =$FILE" 'COPY =\k'
    expect "a deadline and no sign of life" 5 "deadline" --deadline 3 "$url/a" /b
    check "and asked just once" once COPY
    dumb 'PROPFIND =\k'
    expect "a deadline before the COPY" 4 "nothing was copied" --deadline 0.5 "$url/a" /b
    check "and never asked" never COPY
}

M='HTTP/1.1 207 M\r\nConnection: close\r\n\r\n'

test_members() {
    told "207: an href with control characters is shown as text" 3 '/x\x1b[2J\x0ay z' \
        "$M"'<multistatus xmlns="DAV:"><response><href>/x%1b[2J%0ay%20z</href><status>HTTP/1.1 403 F</status></response></multistatus>'
    told "207: malformed" 6 "cannot be read" "$M"'<multistatus xmlns="DAV:"><resp'
    told "207: an entity" 6 "DOCTYPE" \
        "$M"'<!DOCTYPE a [<!ENTITY e "eeee">]><multistatus xmlns="DAV:">&e;</multistatus>'
    told "207: not a multistatus" 6 "root" "$M"'<html/>'
    told "207: empty" 6 "no member" "$M"'<multistatus xmlns="DAV:"/>'
    told "207: all succeeded" 0 "copied" \
        "$M"'<multistatus xmlns="DAV:"><response><href>/b</href><status>HTTP/1.1 201 C</status></response></multistatus>'
    told "200 with a naked response" 3 "failed (403): /b/x" \
        'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<D:response><D:href>/b/x</D:href><D:status>HTTP/1.1 403 F</D:status></D:response>'
}

DUMB200='HTTP/1.1 200 OK\r\n'"$OK"
NO='HTTP/1.1 405 No\r\n'"$OK"
GONE='HTTP/1.1 404 No\r\n'"$OK"

test_200() {
    dumb "PROPFIND =$NO" "HEAD /a=$DUMB200" 'COPY =HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthe file'
    expect "200 of a file server, nothing copied" 1 "copies nothing" "$url/a" /b
    dumb "PROPFIND =$NO" "HEAD =$DUMB200" "COPY =$DUMB200"
    expect "200, and the destination was there before" 6 "of before" --no-settle "$url/a" /b
    dumb "PROPFIND =$NO" "HEAD /a=$DUMB200" "!HEAD /b=$GONE" "HEAD /b=$DUMB200" "COPY =$DUMB200"
    expect "200, and the destination is there now" 0 "copied" "$url/a" /b
    dumb "PROPFIND =$FILE" "COPY =$DUMB200"
    expect "200 of a WebDAV server" 0 "copied" "$url/a" /b
    dumb "PROPFIND =$FILE" "MOVE =$DUMB200"
    expect "200 to MOVE, and the source is there" 6 "still there" --no-settle -m "$url/a" /b
    dumb "!PROPFIND /a=$FILE" "PROPFIND /b=$FILE" "PROPFIND =$GONE" "MOVE =$DUMB200"
    expect "200 to MOVE, and the source is gone" 0 "moved" -m "$url/a" /b
    dumb "PROPFIND =$NO" "HEAD /a=$DUMB200" \
        'COPY =HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\z\z\z\z\z\z\z\z'
    expect "200 with a long file" 1 "copies nothing" "$url/a" /b
    dumb "PROPFIND =$NO" "HEAD =$GONE" "COPY =$DUMB200"
    expect "a source that HEAD does not see" 1 "does not exist (404)" "$url/a" /b
    dumb "PROPFIND =$NO" "HEAD =$DUMB200" 'COPY =HTTP/1.1 201 C\r\n'"$OK"
    expect "a server without PROPFIND" 0 "copied" -v "$url/a" /b
    check "of which --verbose tells" said "does not tell what the source is"
}

# The COPY is lost, and what became of it is looked for: what a WebDAV server shows of /a and /b.
lost() {
    claim=$1 wanted=$2 piece=$3
    shift 3
    dumb "$@" "PROPFIND /a =$SEEN" 'COPY =' 'MOVE ='
    # shellcheck disable=SC2086 # an option or nothing
    expect "$claim" "$wanted" "$piece" --settle-time 8 $method_option "$url/a" /b
    [ "$(grep -c -e '^COPY ' -e '^MOVE ' "$dumb_log")" -eq 1 ] || fail "$claim: it was sent again"
}

# seen LENGTH MODIFIED: a file as PROPFIND shows it.
seen() {
    printf '%s' 'HTTP/1.1 207 M\r\nConnection: close\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\n\r\n' \
        '<multistatus xmlns="DAV:"><response><href>/x</href><propstat><prop><resourcetype/>' \
        "<getcontentlength>$1</getcontentlength>" \
        "<getlastmodified>Sun, 22 Nov 2026 $2 GMT</getlastmodified></prop>" \
        '<status>HTTP/1.1 200 OK</status></propstat></response></multistatus>'
}

test_settle() {
    SEEN=$(seen 600 09:00:00) method_option=
    NOT_THERE='HTTP/1.1 404 No\r\n'"$OK"
    lost "lost, and done" 0 "it was done (certain)" "!PROPFIND /b=$NOT_THERE" \
        "PROPFIND /b=$(seen 600 10:00:01)"
    check "why is said" said "the destination was not there before"
    check "and the summary" grep -q "^copied $url/a to $url/b" "$work/out"
    lost "lost, and nothing happened" 8 "it never happened (likely)" "PROPFIND /b=$NOT_THERE"
    lost "lost, and a part is there" 6 "a part of it was done (likely)" \
        "!PROPFIND /b=$NOT_THERE" "PROPFIND /b=$(seen 60 10:00:01)"
    lost "lost, and going on" 5 "still at it (certain)" "!PROPFIND /b=$NOT_THERE" \
        "!PROPFIND /b=$(seen 10 10:00:01)" "!PROPFIND /b=$(seen 20 10:00:02)" \
        "!PROPFIND /b=$(seen 30 10:00:03)" "!PROPFIND /b=$(seen 40 10:00:04)" \
        "!PROPFIND /b=$(seen 50 10:00:05)" "PROPFIND /b=$(seen 60 10:00:06)"
    lost "lost, and the looks are forbidden" 6 "looking does not tell" "!PROPFIND /b=$NOT_THERE" \
        'PROPFIND /b=HTTP/1.1 401 X\r\n'"$OK"
    lost "lost, and the destination cannot have been replaced" 8 "it never happened (certain)" \
        "PROPFIND /b=$(seen 60 09:30:00)"
    method_option=--move
    lost "a MOVE that is lost, and done" 0 "it was done (certain)" "!PROPFIND /a=$SEEN" \
        "!PROPFIND /b=$NOT_THERE" "PROPFIND /a =$NOT_THERE" "PROPFIND /b=$SEEN"
    expect "--settle-time 0" 2 "not a number of seconds" --settle-time 0 http://h/a /b
}

test_request() {
    dumb "PROPFIND =$FILE" 'COPY =HTTP/1.1 201 C\r\n'"$OK"
    run -H 'X-Custom: yes' -H 'Prefer: respond-async' "$url/a" /b/../c
    check "Destination is absolute" grep -q "^Destination: $url/c.\$" "$dumb_log"
    check "Overwrite is F" grep -q '^Overwrite: F' "$dumb_log"
    check "Depth is infinity" grep -q '^Depth: infinity' "$dumb_log"
    check "a field of the user's goes with all" [ "$(grep -c '^X-Custom: yes' "$dumb_log")" -eq 3 ]
    check "Prefer goes with the COPY only" [ "$(grep -c '^Prefer: ' "$dumb_log")" -eq 1 ]
    run --overwrite -H 'Host: front.example' "$url/a" /b
    check "Overwrite is T" grep -q '^Overwrite: T' "$dumb_log"
    check "Destination follows Host" grep -q '^Destination: http://front.example/b' "$dumb_log"
    dumb 'PROPFIND /a =HTTP/1.1 301 M\r\nLocation: /elsewhere\r\n'"$OK" "PROPFIND =$FILE"
    expect "a source that has moved" 1 "give that as SOURCE" "$url/a" /b
    check "is not copied" never COPY
    dumb 'PROPFIND /a =HTTP/1.1 308 M\r\nLocation: /a/\r\n'"$OK" \
        "PROPFIND /a/ =$(printf '%s' "$FILE" | sed 's,<resourcetype/>,<resourcetype><collection/></resourcetype>,')" \
        'COPY /a/ =HTTP/1.1 201 C\r\n'"$OK"
    expect "a collection that is redirected to its slash" 0 "copied $url/a/ to $url/b/" "$url/a" /b
}

# ---- At a terminal

escape=$(printf '\033')
return_key=$(printf '\r')

# at_terminal COLUMNS COMMAND: what the terminal shows is in $work/screen. Signals are on.
at_terminal() {
    TERM=xterm $limit script -qec "stty cols $1; $2" /dev/null >"$work/screen" 2>&1
    code=$?
}

test_terminal() {
    script -qec true /dev/null >/dev/null 2>&1 </dev/null || {
        skip "the live line: there is no script(1) from util-linux here"
        return
    }
    origin --answer 102 --interval 100 --steady --delay 250
    at_terminal 60 "'$DAVCOPY' '$url/tree' /copy" </dev/null
    check "terminal: it is copied" grep -q "copied $url/tree/" "$work/screen"
    check "terminal: the live line turns" grep -q -F "${return_key}/ 0." "$work/screen"
    check "terminal: it tells the way" grep -q "s  102  [0-9]* %  [0-9]* sign" "$work/screen"
    check "terminal: it is cleared" grep -q -F "${return_key}${escape}[Kcopied" "$work/screen"
    at_terminal 20 "'$DAVCOPY' '$url/tree' /copy2" </dev/null
    tr '\r' '\n' <"$work/screen" | sed "s/$escape\[[0-9]*[Km]//g" | grep ' s  ' >"$work/lines"
    check "terminal: lines are cut to the width" \
        [ "$(awk 'length > 19' "$work/lines" | wc -l)" -eq 0 ]
    check "terminal: there are lines" [ -s "$work/lines" ]
    at_terminal 80 "TERM=dumb '$DAVCOPY' '$url/file' /copy3" </dev/null
    check "terminal: none with TERM=dumb" grep -q "davcopy: copying" "$work/screen"
    at_terminal 80 "'$DAVCOPY' -q '$url/file' /copy4; echo code \$?" </dev/null
    check "terminal: nothing with --quiet" [ "$(tr -d '\r' <"$work/screen")" = "code 0" ]
    origin --user anna:secret
    rm -f "$work/screen"
    (wait_for holds 'Password of' "$work/screen" && echo secret && sleep 1) |
        at_terminal 80 "'$DAVCOPY' -u anna '$url/file' /copy"
    check "terminal: the password is asked for" grep -q "Password of anna:" "$work/screen"
    check "terminal: and works" [ -f "$root/copy" ]
    check "terminal: and is not shown" [ "$(grep -c secret "$work/screen")" -eq 0 ]
    rm -f "$work/screen" # the shell around it must outlive Ctrl-C, which dash does only with a trap
    (wait_for holds 'Password of' "$work/screen" && printf '\003' && sleep 1) |
        at_terminal 80 "trap : INT; '$DAVCOPY' -u anna '$url/file' /copy2; echo code \$?; stty -a"
    check "terminal: Ctrl-C at the prompt" grep -q "code 130" "$work/screen"
    check "terminal: and the echo is back" grep -q " echo " "$work/screen"
}

# ---- All of it

dumb_program=$BUILDDIR/tests/davcopy/dumb
if [ ! -x "$dumb_program" ]; then
    dumb_program=$work/dumb
    ${CC:-cc} -std=c11 -D_GNU_SOURCE -o "$dumb_program" "$SRCDIR/tests/davcopy/dumb.c" \
        2>"$work/cc" || dumb_program=
fi

test_usage
test_urls
test_plain
test_102
test_202
test_token
test_207
test_login
test_netrc
test_log
test_tls
test_ways
test_death
test_terminal
if [ -n "$dumb_program" ]; then
    test_signals
    test_second_signal
    test_refusals
    test_malformed
    test_members
    test_200
    test_settle
    test_request
    test_third_party
else
    skip "malformed answers: dumb.c cannot be compiled: $(cat "$work/cc")"
fi
finish
