#!/bin/sh
# Apache's mod_dav by https, with a CA that is made here: COPY and MOVE, uploads, early 413, gzip, redirects,
# sessions that are resumed, a client certificate that only one folder wants, and that is asked for in
# the middle of a connection (TLS 1.2: renegotiation; TLS 1.3: authentication after the handshake).
set -u
. "$(dirname "$0")/peer.sh"

command -v openssl >/dev/null 2>&1 || skip_all "the openssl command is not installed (package openssl)"
apache_is_there ssl deflate
ask_client="cacert=$work/ca.crt"

# certificate NAME OPTION ...: NAME.crt and NAME.key, signed by the CA
certificate() {
    certificate_name=$1
    shift
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$certificate_name" "$@" \
        -keyout "$work/$certificate_name.key" -out "$work/request" &&
        openssl x509 -req -in "$work/request" -days 2 -copy_extensions copy -CA "$work/ca.crt" \
            -CAkey "$work/ca.key" -CAcreateserial -out "$work/$certificate_name.crt"
}
{
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=The CA" \
        -keyout "$work/ca.key" -out "$work/ca.crt" &&
        certificate server -addext subjectAltName=IP:127.0.0.1 &&
        certificate anna
} >"$work/openssl.out" 2>&1 || {
    cat "$work/openssl.out"
    fail "openssl makes certificates"
    finish
}

mkdir "$work/run" "$work/lock" "$work/www" "$work/www/closed" "$work/www/small"
sample_tree "$work/www"
seq 30000 >"$work/www/file.txt"
cp -R "$work/www/tree" "$work/www/closed/tree"
cp -R "$work/www" "$work/kept"
head -c 20000000 /dev/urandom >"$work/big"
chown -R "$user:$group" "$work/lock" "$work/www"

# serve PROTOCOLS: in place of the one before
apache_pid=
serve() {
    if [ -n "$apache_pid" ]; then
        kill "$apache_pid"
        wait "$apache_pid" 2>/dev/null
    fi
    attempts=0
    until
        port=$(random_port)
        from_template apache_tls.conf "$port" | sed "s/@PROTOCOL@/$1/" >"$work/apache.conf"
        peer_start "$work/run/apache.pid" "$server" -f "$work/apache.conf" -DFOREGROUND
    do
        attempts=$((attempts + 1))
        [ $attempts -lt 10 ] || peer_failed apache
    done
    apache_pid=$peer_pid
    url=https://127.0.0.1:$port
}

# copies NAME OPTION ... SOURCE DESTINATION
copies() {
    copies_name=$1
    shift
    run_davcopy "$copies_name" --cacert "$work/ca.crt" "$@"
}

# logged LINE: the server wrote it, sooner or later
logged() {
    for _ in $(seq 50); do
        grep -qxF -- "$1" "$work/run/access.log" && return 0
        sleep 0.1
    done
    echo "    it did not write '$1' but:"
    sed 's/^/    /' "$work/run/access.log"
    return 1
}

identity="--cert $work/anna.crt --key $work/anna.key"
for version in 1.2 1.3; do
    if [ $version = 1.2 ]; then serve -TLSv1.3; else serve -TLSv1.2; fi
    copies tree$version "$url/tree/" "$url/copy$version/"
    check "$version: COPY of a tree ends with 0" ends_with 0
    check "$version: the copy equals the tree" same_tree "$work/kept/tree" "$work/www/copy$version"
    check "$version: the server says so" logged "COPY /tree/ 201 TLSv$version Initial -"

    rm -rf "$work/www/closed/copy"
    if [ $version = 1.2 ]; then refused=4; else refused=1; fi
    copies anonymous "$url/closed/tree/" "$url/closed/copy/"
    check "$version: without the certificate that one folder wants, it ends with $refused" ends_with $refused
    check "$version: nothing was copied" test ! -e "$work/www/closed/copy"
    # shellcheck disable=SC2086 # $identity is a list of words
    copies closed $identity "$url/closed/tree/" "$url/closed/copy/"
    if [ $version = 1.2 ]; then
        # Only by renegotiation, which is refused because it was the door to more than one attack.
        check "$version: renegotiation is refused, and ends with 4" ends_with 4
        check "$version: nothing was copied" test ! -e "$work/www/closed/copy"
    else
        check "$version: with it, COPY ends with 0" ends_with 0
        check "$version: the copy equals the tree" same_tree "$work/kept/tree" "$work/www/closed/copy"
        check "$version: the server saw whose it is" \
            logged "COPY /closed/tree/ 201 TLSv$version Initial anna"
    fi

    # A connection that the server closes after a second.
    run_ask resumed GET "$url/file.txt" + GET "$url/file.txt" + GET "$url/file.bin" pause=2500
    check "$version: a request on a connection that is kept, and one on a new one" tells \
        "GET 200 done 0 new interims=
GET 200 done 0 reused interims=
GET 200 done 0 new interims="
    check "$version: the new one resumes the session" \
        logged "GET /file.bin 200 TLSv$version Resumed -"

    # Its 100 comes when the body is read.
    run_ask upload PUT "$url/big$version" "file=$work/big" + PUT "$url/stream$version" "stream=$work/big"
    check "$version: 20 MB, with length and in chunks, wait for a 100" tells \
        "PUT 201 done 0 new interims=100,
PUT 201 done 0 reused interims=100,"
    check "$version: they arrived" cmp "$work/big" "$work/www/big$version"
    check "$version: in chunks too" cmp "$work/big" "$work/www/stream$version"

    run_ask early PUT "$url/small/x" "file=$work/big" expect=never
    check "$version: 413 while the body goes out" tells "PUT 413 failed 0 new interims="
    run_ask middle PUT "$url/small/x" "stream=$work/big" expect=never
    check "$version: 413 in the middle of chunks" tells "PUT 413 failed 0 new interims="
    run_ask refused PUT "$url/small/x" "file=$work/big" + GET "$url/file.bin"
    check "$version: 413 before the body; the connection is not used again" tells \
        "PUT 413 failed 0 new interims=
GET 200 done 0 new interims="

    run_ask coded GET "$url/file.txt" decode "output=$work/got"
    check "$version: a file by gzip" cmp "$work/got" "$work/www/file.txt"
    run_ask redirected GET "$url/moved-here" "output=$work/got"
    check "$version: a redirect" cmp "$work/got" "$work/www/file.txt"
    run_ask downgraded GET "$url/downgraded"
    check "$version: no redirect from https to http" tells \
        "GET 302 failed INTERIM_EREDIRECT new interims="
done
run_davcopy unknown "$url/tree/" "$url/never/"
check "a CA that is not known: nothing was sent" ends_with 4
check "and nothing was copied" test ! -e "$work/www/never"
finish
