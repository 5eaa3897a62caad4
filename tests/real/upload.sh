#!/bin/sh
# docs/examples/upload sends 50 MB to a server that cuts the connection at random bytes
# (draft-ietf-httpbis-resumable-upload): the request is made once, the file arrives whole, and each
# byte of it is taken once.
set -u
. "$(dirname "$0")/peer.sh"

command -v python3 >/dev/null 2>&1 || skip_all "python3 is not installed"
size=50000000
head -c "$size" /dev/urandom >"$work/sent.bin"
for seed in 1 2; do
    peer_start "$work/server.out" python3 "$SRCDIR/tests/real/upload.py" "$work/got.bin" $seed 8 ||
        peer_failed python3
    url=http://127.0.0.1:$(head -n 1 "$work/server.out")/file
    "$BUILDDIR/docs/examples/upload" "$work/sent.bin" "$url" >"$work/example.out" 2>&1
    ended=$?
    test $ended -eq 0 || kill "$peer_pid" # it would wait for more
    wait "$peer_pid"
    check "seed $seed: the upload ends well" test $ended -eq 0
    check "seed $seed: the file arrived" cmp "$work/sent.bin" "$work/got.bin"
    check "seed $seed: one request, eight cuts, each byte once" \
        grep -q "^creations 1, cuts 8, bytes $size\$" "$work/server.out"
    check "seed $seed: each interruption was told" \
        test "$(grep -c interrupted "$work/example.out")" -ge 8
    check "seed $seed: progress was told" grep -q "%: .* of $size bytes" "$work/example.out"
done
finish
