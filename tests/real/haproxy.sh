#!/bin/sh
# Node's 102 through HAProxy, which passes it on and lets it renew its own time-out. Without it HAProxy
# gives up first, and its 504 does not mean that nothing was copied.
set -u
. "$(dirname "$0")/peer.sh"

command -v haproxy >/dev/null 2>&1 || skip_all "haproxy is not installed (package haproxy)"
command -v node >/dev/null 2>&1 || skip_all "node is not installed (package nodejs)"
mkdir "$work/www"
sample_tree "$work/www"
cp "$work/www/file.bin" "$work/www/silent.bin"
cp -R "$work/www" "$work/kept"
peer_start "$work/server.out" node "$SRCDIR/tests/real/node102.js" "$work/www" 7 400 ||
    peer_failed node
origin_port=$(cat "$work/server.out")

attempts=0
until
    port=$(random_port)
    from_template haproxy.cfg "$port" "$origin_port" >"$work/haproxy.cfg"
    peer_start "$work/haproxy.sock" haproxy -db -f "$work/haproxy.cfg"
do
    attempts=$((attempts + 1))
    [ $attempts -lt 10 ] || peer_failed haproxy
done
url=http://127.0.0.1:$port

run_davcopy file "$url/file.bin" "$url/copy.bin"
check "COPY of a file through a time-out of 1.5 s ends with 0 after 3.2 s" ends_with 0
check "seven interims came through" test "$(events interim)" -eq 7
check "they are 102" event_has interim http.response.status_code 102
check "the log has the 201" event_has response http.response.status_code 201
check "the copy equals the file" cmp "$work/kept/file.bin" "$work/www/copy.bin"

run_davcopy tree "$url/tree/" "$url/copied/"
check "COPY of a tree ends with 0" ends_with 0
check "its interims came through" test "$(events interim)" -eq 7
check "the copy equals the tree" same_tree "$work/kept/tree" "$work/www/copied"

run_davcopy move --move "$url/copied/" "$url/moved/"
check "MOVE of a tree ends with 0" ends_with 0
check "the tree arrived" same_tree "$work/kept/tree" "$work/www/moved"
check "the tree is gone from where it was" test ! -e "$work/www/copied"

run_davcopy silent --no-settle "$url/silent.bin" "$url/later.bin"
check "a 504 of the proxy after silence: the outcome is unknown" ends_with 6
check "the log has the 504" event_has response http.response.status_code 504
sleep 3
check "and indeed it was copied after that" cmp "$work/kept/file.bin" "$work/www/later.bin"
finish
