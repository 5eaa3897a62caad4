#!/bin/sh
# lighttpd's mod_webdav, plain and by TLS: it says 200 for trees, answers a partial failure by a piece of
# a 207, and redirects to folders by 308. Uploads, early 413, and connections that it closes when idle.
# As a proxy before davorigin: 102 and 202 pass.
set -u
. "$(dirname "$0")/peer.sh"
DAVORIGIN=${DAVORIGIN:-$BUILDDIR/davorigin}

command -v lighttpd >/dev/null 2>&1 || skip_all "lighttpd is not installed (package lighttpd)"
command -v openssl >/dev/null 2>&1 || skip_all "the openssl command is not installed (package openssl)"
for module in webdav openssl; do
    [ -n "$(find /usr/lib /usr/lib64 /usr/libexec -name "mod_$module.so" 2>/dev/null | grep lighttpd)" ] ||
        skip_all "lighttpd has no mod_$module (package lighttpd-mod-$module)"
done

mkdir "$work/run" "$work/tmp" "$work/www" "$work/www/small" "$work/behind"
sample_tree "$work/www"
sample_tree "$work/behind"
seq 30000 >"$work/www/file.txt"
cp -R "$work/www" "$work/kept"
head -c 20000000 /dev/urandom >"$work/big"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
as=
if [ "$(id -un)" = root ]; then
    user=$(server_user www-data lighttpd http)
    as="server.username = \"$user\""
    chown -R "$user" "$work/www" "$work/tmp" "$work/run"
fi

# behind ANSWER OPTION ...: davorigin answers so, in place of the one before, on the same port
origin_port=0
origin_pid=
behind() {
    if [ -n "$origin_pid" ]; then
        kill "$origin_pid"
        wait "$origin_pid" 2>/dev/null
    fi
    peer_start "$work/server.out" "$DAVORIGIN" --root "$work/behind" \
        --listen "127.0.0.1:$origin_port" --answer "$@" || peer_failed davorigin
    origin_pid=$peer_pid
    origin_port=$(sed -n 's,.*:\([0-9]*\)/$,\1,p' "$work/server.out")
}
behind plain

attempts=0
until
    port=$(random_port)
    from_template lighttpd.conf "$port" "$origin_port" | sed -e "s/@AS@/$as/" \
        -e "s/@PORT1@/$((port + 1))/" -e "s/@PORT2@/$((port + 2))/" >"$work/lighttpd.conf"
    peer_start "$work/run/lighttpd.pid" lighttpd -D -f "$work/lighttpd.conf"
do
    attempts=$((attempts + 1))
    [ $attempts -lt 10 ] || peer_failed lighttpd
done

# A file is copied by a link, which root's can only be if the system allows that to all.
partial_failure() {
    if [ "$(id -un)" != root ] || [ "$(cat /proc/sys/fs/protected_hardlinks)" != 1 ]; then
        skip "a file that cannot be copied: not as root, or links are not protected here"
        return
    fi
    cp -R "$work/kept/tree" "$work/www/partly"
    chmod 600 "$work/www/partly/one.txt"
    run_davcopy partly --cacert "$work/cert.pem" "$url/partly/" "$url/parts/"
    check "a file of a tree cannot be copied: a member failed, says a piece of a 207" ends_with 3
    check "it came with a 200" event_has response http.response.status_code 200
    check "it is named" grep -q 'one.txt' "$work/davcopy.err"
    rm -rf "$work/www/partly" "$work/www/parts"
}

ask_client="cacert=$work/cert.pem"
for url in "http://127.0.0.1:$port" "https://127.0.0.1:$((port + 1))"; do
    rm -rf "$work/www/copy" "$work/www/copy.bin" "$work/www/moved"
    run_davcopy file --cacert "$work/cert.pem" "$url/file.bin" "$url/copy.bin"
    check "COPY of a file ends with 0" ends_with 0
    check "the copy equals the file" cmp "$work/kept/file.bin" "$work/www/copy.bin"
    check "the log has the 201" event_has response http.response.status_code 201
    run_davcopy refused --cacert "$work/cert.pem" "$url/tree/one.txt" "$url/copy.bin"
    check "COPY onto something that exists is refused" ends_with 1
    check "what existed is kept" cmp "$work/kept/file.bin" "$work/www/copy.bin"
    run_davcopy tree --cacert "$work/cert.pem" "$url/tree" "$url/copy"
    check "COPY of a tree ends with 0" ends_with 0
    check "the log has the 200" event_has response http.response.status_code 200
    check "the copy equals the tree" same_tree "$work/kept/tree" "$work/www/copy"
    run_davcopy existing --cacert "$work/cert.pem" "$url/tree" "$url/copy"
    check "COPY of a tree onto one that exists: a member failed, says its 207" ends_with 3
    partial_failure
    run_davcopy move --move --cacert "$work/cert.pem" "$url/copy/" "$url/moved/"
    check "MOVE of a tree ends with 0" ends_with 0
    check "the tree arrived" same_tree "$work/kept/tree" "$work/www/moved"
    check "the tree is gone from where it was" test ! -e "$work/www/copy"

    run_ask upload PUT "$url/big.bin" "file=$work/big" + PUT "$url/streamed.bin" "stream=$work/big"
    check "20 MB, with length and in chunks, wait for a 100" tells \
        "PUT 201 done 0 new interims=100,
PUT 201 done 0 reused interims=100,"
    check "they arrived" cmp "$work/big" "$work/www/big.bin"
    check "in chunks too" cmp "$work/big" "$work/www/streamed.bin"
    rm -f "$work/www/big.bin" "$work/www/streamed.bin"
    run_ask early PUT "$url/small/x" "file=$work/big" expect=never
    check "413 while the body goes out" tells "PUT 413 failed 0 new interims="
    run_ask middle PUT "$url/small/x" "stream=$work/big" expect=never
    check "413 in the middle of chunks" tells "PUT 413 failed 0 new interims="
    run_ask refused PUT "$url/small/x" "file=$work/big" + GET "$url/file.bin"
    check "413 before the body; the connection is not used again" tells \
        "PUT 413 failed 0 new interims=
GET 200 done 0 new interims="

    run_ask redirected GET "$url/moved-here" "output=$work/got" + GET "$url/round" + \
        COPY "$url/tree" "header=Destination: $url/never/"
    check "redirects: to a file, for ever, and of COPY by 308 to the slash" tells \
        "GET 200 done 0 reused interims=
GET 301 failed INTERIM_EREDIRECT reused interims=
COPY 200 done 0 reused interims="
    check "what it led to" cmp "$work/got" "$work/www/file.txt"
    run_ask idle GET "$url/file.bin" + GET "$url/file.bin" + GET "$url/file.bin" pause=2500
    check "a connection is kept, and noticed to be closed when it was idle" tells \
        "GET 200 done 0 new interims=
GET 200 done 0 reused interims=
GET 200 done 0 new interims="
done

# ---- The proxy

url=http://127.0.0.1:$((port + 2))
run_davcopy plain "$url/tree/" "$url/plain/"
check "plain, by the proxy: ends with 0" ends_with 0
check "the copy equals the tree" same_tree "$work/behind/tree" "$work/behind/plain"
behind 202 --delay 150 --retry-after 1
run_davcopy accepted "$url/tree/" "$url/accepted/"
check "202, by the proxy: ends with 0" ends_with 0
check "its monitor was asked" has_event poll
check "the copy equals the tree" same_tree "$work/behind/tree" "$work/behind/accepted"
behind 102 --interval 200 --steady --delay 150
run_davcopy interim "$url/tree/" "$url/interim/"
check "102, by the proxy: ends with 0" ends_with 0
check "interims came through" has_event interim
check "the copy equals the tree" same_tree "$work/behind/tree" "$work/behind/interim"
finish
