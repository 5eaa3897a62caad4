#!/bin/sh
# Apache's mod_dav: COPY and MOVE of a file and of a tree, answered by one plain 201 or 204. What it
# says is compared with what lies on its disk.
set -u
. "$(dirname "$0")/peer.sh"

apache_is_there
mkdir "$work/run" "$work/lock" "$work/www"
sample_tree "$work/www"
cp -R "$work/www" "$work/kept"
chown -R "$user:$group" "$work/lock" "$work/www"

attempts=0
until
    port=$(random_port)
    from_template apache.conf "$port" >"$work/apache.conf"
    peer_start "$work/run/apache.pid" "$server" -f "$work/apache.conf" -DFOREGROUND
do
    attempts=$((attempts + 1))
    [ $attempts -lt 10 ] || peer_failed apache
done
url=http://127.0.0.1:$port

run_davcopy file "$url/file.bin" "$url/copy.bin"
check "COPY of a file ends with 0" ends_with 0
check "the copy equals the file" cmp "$work/kept/file.bin" "$work/www/copy.bin"
check "the log has the 201" event_has response http.response.status_code 201
check "no interim came" test "$(events interim)" -eq 0
check "the outcome is done" event_has end interim.outcome '"done"'

run_davcopy refused "$url/tree/one.txt" "$url/copy.bin"
check "COPY onto something that exists is refused" ends_with 1
check "the log has the 412" event_has response http.response.status_code 412
check "what existed is kept" cmp "$work/kept/file.bin" "$work/www/copy.bin"

run_davcopy overwrite --overwrite "$url/tree/one.txt" "$url/copy.bin"
check "COPY with --overwrite ends with 0" ends_with 0
check "the log has the 204" event_has response http.response.status_code 204
check "it was replaced" cmp "$work/kept/tree/one.txt" "$work/www/copy.bin"

run_davcopy tree "$url/tree/" "$url/copy/"
check "COPY of a tree ends with 0" ends_with 0
check "the copy equals the tree" same_tree "$work/kept/tree" "$work/www/copy"

run_davcopy move --move "$url/file.bin" "$url/moved.bin"
check "MOVE of a file ends with 0" ends_with 0
check "it arrived" cmp "$work/kept/file.bin" "$work/www/moved.bin"
check "it is gone from where it was" test ! -e "$work/www/file.bin"
check "the log says MOVE" event_has start http.request.method '"MOVE"'

run_davcopy move_tree --move "$url/copy/" "$url/moved/"
check "MOVE of a tree ends with 0" ends_with 0
check "the tree arrived" same_tree "$work/kept/tree" "$work/www/moved"
check "the tree is gone from where it was" test ! -e "$work/www/copy"

run_davcopy missing "$url/no-such-file" "$url/x"
check "COPY of what is not there is refused" ends_with 1
run_davcopy itself "$url/tree/" "$url/tree/sub/copy/"
check "COPY of a tree into itself is refused before asking" ends_with 2
check "the tree is as it was" same_tree "$work/kept/tree" "$work/www/tree"
finish
