#!/bin/sh
# Tests tools/davorigin: litmus in each way of answering, then by curl what litmus does not look at.
#
#   DAVORIGIN=path/to/davorigin tests/davorigin.sh
#
# Exit: 0 passed, 1 failed, 77 skipped (litmus is missing). Without curl the second part is left out, with a word. The server
# listens on a free loopback port, and is ended by its process id. KEEP=1 keeps the working folder.

set -u

server=${DAVORIGIN:-./davorigin}
case $server in
/*) ;;
*) server=$PWD/$server ;;
esac
if [ ! -x "$server" ]; then
    echo "davorigin.sh: no program at $server; set DAVORIGIN to its path" >&2
    exit 1
fi
if ! command -v litmus >/dev/null; then
    echo "davorigin.sh: skipped, litmus is not installed (apt-get install litmus)"
    exit 77
fi

work=$(mktemp -d) || exit 1
root=$work/root
pid=
failed=0
passed=0

stop_server() {
    [ -n "$pid" ] || return 0
    kill -TERM "$pid" 2>/dev/null
    wait "$pid"
    stopped=$?
    pid=
    return $stopped
}

finish() {
    stop_server
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# start_server OPTION...: serves a fresh folder; sets url, and base without the last slash.
start_server() {
    stop_server
    rm -rf "$root"
    mkdir "$root"
    : >"$work/out"
    "$server" --root "$root" --listen 127.0.0.1:0 --log "$work/log" "$@" >"$work/out" 2>"$work/err" &
    pid=$!
    tries=0
    while ! grep -q '^davorigin: listening on ' "$work/out"; do
        tries=$((tries + 1))
        if [ $tries -gt 300 ] || ! kill -0 "$pid" 2>/dev/null; then
            echo "not ok - the server does not start: $*"
            cat "$work/err"
            exit 1
        fi
        sleep 0.1
    done
    url=$(sed -n 's/^davorigin: listening on //p' "$work/out")
    base=${url%/}
}

# check WHAT COMMAND...: passes when the command succeeds.
check() {
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok - $what"
    else
        failed=$((failed + 1))
        echo "not ok - $what ($*)"
    fi
}

run_litmus() {
    (cd "$work" && TESTS=$1 litmus -k "$url" >"$work/litmus" 2>&1) &&
        [ "$(grep -c ' 0 failed' "$work/litmus")" -eq "$2" ] && return 0
    cat "$work/litmus"
    return 1
}

start_server
check "litmus basic, copymove and http pass, plain" run_litmus "basic copymove http" 3
check "SIGTERM ends it with 0" stop_server
start_server --answer 102 --interval 20 --steady --delay 30
check "litmus basic and copymove pass with 102" run_litmus "basic copymove" 2
check "the log counts 102s before a COPY's end" grep -Eq ' COPY .* 20[14] .* 102s=[1-9]' "$work/log"

if ! command -v curl >/dev/null; then
    echo "davorigin.sh: curl is not installed, so only litmus was run"
    [ $failed -eq 0 ]
    exit
fi

# http ARGUMENT...: one request; its status in $status, response heads in $work/head, the body in $work/body.
http() {
    status=$(curl -s -m 30 --path-as-is -o "$work/body" -D "$work/head" -w '%{http_code}' "$@")
}

# answers STATUS ARGUMENT...
answers() {
    want=$1
    shift
    http "$@"
    [ "$status" = "$want" ] && return 0
    echo "# got $status, expected $want"
    return 1
}

in_head() { tr -d '\r' <"$work/head" | grep -Eiq "$1"; }
in_body() { grep -Eq "$1" "$work/body"; }
field() { tr -d '\r' <"$work/head" | sed -n "s/^$1: //p" | tail -n 1; }
absent() { [ ! -e "$1" ]; }
not() { ! "$@"; }

# A tree of 5 files and 2 collections: 7 members.
make_tree() {
    mkdir -p "$root/tree/sub"
    for name in a b c; do echo "$name" >"$root/tree/$name"; done
    for name in d e; do echo "$name" >"$root/tree/sub/$name"; done
}
copy_tree() { answers "$1" -X COPY -H "Destination: $base/$2" "$base/tree"; }

# --- 102: in order, with progress, before the final response
start_server --answer 102 --interval 40 --delay 100 --steady
make_tree
check "COPY of a tree answers 201" copy_tree 201 new
check "the tree is there" diff -r "$root/tree" "$root/new"
statuses() { sed -n 's/^HTTP\/1.1 \([0-9]*\).*/\1/p' "$work/head" | uniq | tr '\n' ' '; }
check "102s come before the 201, which is last" [ "$(statuses)" = "102 201 " ]
check "several of them" [ "$(grep -c '^HTTP/1.1 102' "$work/head")" -ge 3 ]
check "each has its progress" [ "$(grep -c '^HTTP/1.1 102' "$work/head")" -eq "$(grep -c '^Progress: [0-7]/7' "$work/head")" ]
check "only the final response has a length" [ "$(grep -ci '^content-length' "$work/head")" -eq 1 ]
check "HTTP/1.0 gets no 102" answers 204 -0 -X COPY -H "Destination: $base/new" "$base/tree"
check "indeed not" not in_head '^HTTP/1.1 102'

# The interim arrives while the work is not done: seen on the wire before the copy's last file exists.
arrives_early() {
    rm -rf "$root/new"
    curl -sv -m 30 -X COPY -H "Destination: $base/new" "$base/tree" 2>"$work/early" &
    curl_pid=$!
    tries=0
    while ! grep -q '^< HTTP/1.1 102' "$work/early" && [ $tries -lt 200 ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
    early=1
    [ -e "$root/new/sub/e" ] || early=0
    wait $curl_pid
    [ $early -eq 0 ] && grep -q '^< HTTP/1.1 201' "$work/early"
}
check "a 102 arrives before the work is done" arrives_early

goes_on_alone() {
    rm -rf "$root/new"
    curl -s -m 0.1 -o /dev/null -X COPY -H "Destination: $base/new" "$base/tree"
    tries=0
    while [ ! -e "$root/new/sub/e" ] && [ $tries -lt 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    [ -e "$root/new/sub/e" ] && answers 200 "$url"
}
check "the copy goes on when the client leaves" goes_on_alone

start_server --answer 102 --interval 20 --delay 60
make_tree
check "COPY without --steady answers 201" copy_tree 201 new
check "the interval doubles: at most 5 in 0.3 s and more" [ "$(grep -c '^HTTP/1.1 102' "$work/head")" -le 5 ]

# --- 202: poll to the end
start_server --answer 202 --delay 200 --retry-after 3 --fail-member poison
make_tree
poll() {
    tries=0
    http "$base$location"
    while [ "$status" = 202 ] && [ $tries -lt 200 ]; do
        polled=202
        sleep 0.05
        http "$base$location"
        tries=$((tries + 1))
    done
}
check "COPY answers 202" copy_tree 202 new
location=$(field Location)
check "with a status resource" in_head '^location: /\.davorigin/jobs/[0-9a-f]{32}$'
check "and Retry-After" in_head '^retry-after: 3$'
check "and a document" in_body '^\{"status":"running","done":[0-9]+,"percentComplete":[0-9]+,"total":7\}$'
polled=
poll
check "polling answers 202 first" [ "$polled" = 202 ]
check "then 200" [ "$status" = 200 ]
check "with the result" in_body '"status":"succeeded".*"result":201'
check "the tree is there" diff -r "$root/tree" "$root/new"
check "DELETE of an ended job" answers 204 -X DELETE "$base$location"
check "forgets it" answers 404 "$base$location"
check "a refusal needs no job" answers 409 -X COPY -H "Destination: $base/no/where" "$base/tree"
echo x >"$root/poison"
check "a job that will fail answers 202" answers 202 -X COPY -H "Destination: $base/p" "$base/poison"
location=$(field Location)
poll
check "and is reported failed" in_body '"status":"failed".*"result":403.*"error":\{"code":"Forbidden"'
check "COPY to be cancelled answers 202" copy_tree 202 cancelled
location=$(field Location)
check "DELETE cancels" answers 204 -X DELETE "$base$location"
poll
check "which the status resource tells" in_body '"status":"cancelled"'
check "and the copy stopped" absent "$root/cancelled/sub/e"

start_server --end 303 --delay 20 --fail-member poison
make_tree
async() { answers 202 -H 'Prefer: respond-async' -X COPY -H "Destination: $base/$2" "$base/$1"; }
check "Prefer: respond-async is heeded" async tree new
check "and acknowledged" in_head '^preference-applied: respond-async$'
location=$(field Location)
poll
check "--end 303 answers 303" [ "$status" = 303 ]
check "to the destination" in_head '^location: /new$'
echo x >"$root/poison"
check "a job that will fail" async poison p
location=$(field Location)
poll
check "ends with the status of the failure" [ "$status" = 403 ]

# --- 207 and refusals
start_server --fail-member b
make_tree
check "one failing member makes 207" copy_tree 207 new
check "which names it" in_body '<D:href>/tree/b</D:href><D:status>HTTP/1.1 403 Forbidden</D:status>'
check "and no other" [ "$(grep -c '<D:response>' "$work/body")" -eq 1 ]
check "the others are copied" [ -e "$root/new/sub/e" ]
check "that one is not" absent "$root/new/b"
check "MOVE with a failing member is 207" answers 207 -X MOVE -H "Destination: $base/moved" "$base/tree"
check "what failed stays" [ -e "$root/tree/b" ]
check "what was moved went" absent "$root/tree/a"

start_server
make_tree
refused() {
    check "$1 $2 from $3 to $4" answers "$1" -X "$2" -H "Destination: $4" "$base$3"
    check "  and the tree is as it was" [ "$(find "$root" | wc -l)" -eq 8 ]
}
refused 403 COPY /tree "$base/tree"
refused 403 COPY /tree/a "$base/tree/a"
refused 403 COPY /tree/ "$base/tree/sub/x"
refused 403 COPY /tree/ /%74ree/x
refused 403 MOVE /tree/sub "$base/tree"
refused 403 COPY / "$base/x"
refused 409 COPY /tree/a "$base/no/a"
refused 404 COPY /none "$base/x"
refused 502 COPY /tree/a http://other.example/a
refused 400 COPY /tree/a relative
refused 400 COPY /tree/a "$base/../../x"
refused 400 COPY /tree/a "/%2e%2e/x"
refused 403 COPY /tree/a "$base/.davorigin/jobs/x"
check "Overwrite: F on an existing file is 412" answers 412 -X COPY -H 'Overwrite: F' -H "Destination: $base/tree/b" "$base/tree/a"
check "which is kept" [ "$(cat "$root/tree/b")" = b ]
check "Depth: 1 is refused" answers 400 -X COPY -H 'Depth: 1' -H "Destination: $base/x" "$base/tree"
check "Depth: 0 copies the collection" answers 201 -X COPY -H 'Depth: 0' -H "Destination: $base/x" "$base/tree"
check "only" [ -z "$(ls "$root/x")" ]

# --- the folder's border
echo secret >"$work/secret"
ln -s "$work/secret" "$root/link"
ln -s "$work" "$root/out"
ln -s a "$root/tree/inside"
for path in /../secret /%2e%2e/secret /tree/../../secret /tree/%2e%2e/%2e%2e/secret /..%2fsecret /a%00b /%zz; do
    check "GET $path is refused" answers 400 "$base$path"
    check "  and tells nothing" not in_body secret
done
for path in /link /out/secret /tree/inside /.davorigin-x; do
    check "GET $path is refused" answers 403 "$base$path"
done
check "PUT through a link is refused" answers 403 -T "$work/secret" "$base/link"
check "PUT below a link is refused" answers 403 -T "$work/secret" "$base/out/new"
check "and writes nothing" absent "$work/new"
check "COPY of a tree leaves links out" copy_tree 201 linked
check "indeed" absent "$root/linked/inside"
check "DELETE of a tree with links" answers 204 -X DELETE "$base/tree"
check "does not follow them" [ "$(cat "$work/secret")" = secret ]

# --- PUT, GET, PROPFIND
check "PUT makes" answers 201 -T "$work/secret" "$base/file%20%26%3c"
check "PUT replaces" answers 204 -T "$work/secret" "$base/file%20%26%3c"
check "PUT with If-None-Match: * does not" answers 412 -H 'If-None-Match: *' -T "$work/secret" "$base/file%20%26%3c"
check "PUT in chunks" answers 201 -H 'Transfer-Encoding: chunked' -T "$work/secret" "$base/chunked"
check "stored the same" cmp -s "$work/secret" "$root/chunked"
check "a range" answers 206 -r 1-3 "$base/chunked"
check "of the right bytes" [ "$(cat "$work/body")" = ecr ]
check "PROPFIND" answers 207 -X PROPFIND -H 'Depth: 1' "$url"
check "encodes hrefs" in_body '<D:href>/file%20%26%3C</D:href>'
check "and escapes names" in_body '<D:displayname>file &amp;&lt;</D:displayname>'
check "and hides links" not in_body '/(link|out)/?<'
check "an entity declaration is refused" answers 400 -X PROPFIND -H 'Depth: 0' \
    -d '<!DOCTYPE x [<!ENTITY e "e">]><propfind xmlns="DAV:"><allprop/></propfind>' "$url"
check "PROPPATCH is refused property by property" answers 207 -X PROPPATCH \
    -d '<propertyupdate xmlns="DAV:"><set><prop><x:y xmlns:x="urn:z">1</x:y></prop></set></propertyupdate>' "$base/chunked"
check "with 403" in_body '<x:y xmlns:x="urn:z"/></D:prop><D:status>HTTP/1.1 403'
check "an unknown method is 501" answers 501 -X BREW "$url"

# --- authentication and options
start_server --user me:secret
check "without a password 401" answers 401 "$url"
check "which says how" in_head '^www-authenticate: Basic realm='
check "with a wrong one 401" answers 401 -u me:wrong "$url"
check "with the right one 200" answers 200 -u me:secret "$url"
stop_server

if command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key" -out "$work/cert" -days 2 -subj /CN=davorigin \
        -addext subjectAltName=IP:127.0.0.1 2>/dev/null
    start_server --tls-cert "$work/cert" --tls-key "$work/key" --answer 102 --interval 20 --delay 30 --steady
    make_tree
    check "TLS says https" [ "${url#https://}" != "$url" ]
    check "COPY by TLS" answers 201 --cacert "$work/cert" -X COPY -H "Destination: $base/new" "$base/tree"
    check "with 102s" in_head '^HTTP/1.1 102'
    check "the tree is there" diff -r "$root/tree" "$root/new"
    stop_server
fi

start_server --listen "unix:$work/sock"
check "a Unix socket serves" answers 200 --unix-socket "$work/sock" http://localhost/
taken() {
    ! "$server" --root "$root" --listen "unix:$work/sock" >"$work/out" 2>"$work/err2" &&
        grep -q 'if no server uses it, remove it' "$work/err2"
}
check "a path that is taken is left alone" taken
check "and still serves" answers 200 --unix-socket "$work/sock" http://localhost/
stop_server
check "and is removed at the end" [ ! -e "$work/sock" ]
too_long() { ! "$server" --root "$root" --listen "unix:/$(printf '%0120d' 0)" 2>"$work/err2" && grep -q 'File name too long' "$work/err2"; }
check "a path may be too long" too_long

wrong_usage() {
    "$server" "$@" >"$work/out" 2>"$work/err"
    [ $? -eq 2 ] && [ "$(wc -l <"$work/err")" -eq 1 ] && [ ! -s "$work/out" ]
}
check "no --root is a wrong usage" wrong_usage
check "a wrong --answer is" wrong_usage --root "$root" --answer 103
check "a --listen unix: without a path is" wrong_usage --root "$root" --listen unix:
check "an unknown option is" wrong_usage --root "$root" --none
not_remote() { ! "$server" --root "$root" --listen 0.0.0.0:0 >"$work/out" 2>"$work/err" && [ ! -s "$work/out" ]; }
check "a remote address needs --allow-remote" not_remote
prints() { "$server" "$1" | grep -q "$2"; }
check "--version" prints --version '^davorigin '
check "--help" prints --help '^  --fail-member NAME '

echo "davorigin.sh: $passed passed, $failed failed"
[ $failed -eq 0 ]
