#!/bin/sh
# Node's http server sends 102 Processing by response.writeProcessing(), and then 201: each 102 is an
# event, each is a sign of life, and a patience that is shorter than the whole copy suffices.
set -u
. "$(dirname "$0")/peer.sh"

command -v node >/dev/null 2>&1 || skip_all "node is not installed (package nodejs)"
mkdir "$work/www"
sample_tree "$work/www"
cp "$work/www/file.bin" "$work/www/silent.bin"
cp -R "$work/www" "$work/kept"
peer_start "$work/server.out" node "$SRCDIR/tests/real/node102.js" "$work/www" 7 400 ||
    peer_failed node
url=http://127.0.0.1:$(cat "$work/server.out")

# 3.2 s in all, with a sign of life each 0.4 s.
run_davcopy file --silence 2 "$url/file.bin" "$url/copy.bin"
check "COPY of a file, patience 2 s, ends with 0 after 3.2 s" ends_with 0
check "seven interims were seen" test "$(events interim)" -eq 7
check "they are 102" event_has interim http.response.status_code 102
check "the log has the 201" event_has response http.response.status_code 201
check "the outcome is done" event_has end interim.outcome '"done"'
check "the copy equals the file" cmp "$work/kept/file.bin" "$work/www/copy.bin"

run_davcopy tree "$url/tree/" "$url/copied/"
check "COPY of a tree ends with 0" ends_with 0
check "seven interims were seen again" test "$(events interim)" -eq 7
check "the copy equals the tree" same_tree "$work/kept/tree" "$work/www/copied"

run_davcopy move --move "$url/copied/" "$url/moved/"
check "MOVE of a tree ends with 0" ends_with 0
check "its interims were seen" test "$(events interim)" -eq 7
check "the tree arrived" same_tree "$work/kept/tree" "$work/www/moved"
check "the tree is gone from where it was" test ! -e "$work/www/copied"

run_davcopy refused "$url/file.bin" "$url/tree/one.txt"
check "a 412 after interims is a refusal" ends_with 1
check "what existed is kept" cmp "$work/kept/tree/one.txt" "$work/www/tree/one.txt"

# The counter-test: the same wait without a word.
run_davcopy silent --no-settle --silence 2 "$url/silent.bin" "$url/never.bin"
check "3.2 s of silence, patience 2 s: the outcome is unknown" ends_with 6
check "no interim was seen" test "$(events interim)" -eq 0
check "the log names the silence" grep -q ESILENCE "$log"
finish
