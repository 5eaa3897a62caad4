#!/bin/sh
# nginx as an origin: COPY and MOVE by its dav module, uploads with 100, 413 while the body goes out, gzip,
# redirects, connections that it closes when idle. And as a proxy before davorigin: what it makes of
# 102 and 202, which is told here as it was measured with 1.22.
set -u
. "$(dirname "$0")/peer.sh"
DAVORIGIN=${DAVORIGIN:-$BUILDDIR/davorigin}

command -v nginx >/dev/null 2>&1 || skip_all "nginx is not installed (package nginx-light)"
nginx -V 2>&1 | grep -q http_dav_module || skip_all "nginx has no dav module (package nginx-light)"

as=
mkdir "$work/run" "$work/tmp" "$work/www" "$work/www/small" "$work/www/impatient" "$work/behind"
sample_tree "$work/www"
sample_tree "$work/behind"
seq 30000 >"$work/www/file.txt"
cp "$work/www/file.txt" "$work/www/impatient/file.txt"
cp -R "$work/www" "$work/kept"
head -c 20000000 /dev/urandom >"$work/big"
if [ "$(id -un)" = root ]; then
    user=$(server_user www-data nginx http)
    as="user $user;"
    chown -R "$user" "$work/www" "$work/tmp" "$work/run"
fi

# behind ANSWER OPTION ...: davorigin, on the port $origin_port, answers so
behind() {
    peer_start "$work/server.out" "$DAVORIGIN" --root "$work/behind" --listen "127.0.0.1:$origin_port" \
        --answer "$@" || return 1
    origin_pid=$peer_pid
}
again_behind() {
    kill "$origin_pid"
    wait "$origin_pid" 2>/dev/null
    behind "$@" || peer_failed davorigin
}

origin_port=0
behind plain || peer_failed davorigin
origin_port=$(sed -n 's,.*:\([0-9]*\)/$,\1,p' "$work/server.out")
attempts=0
until
    port=$(random_port)
    from_template nginx.conf "$port" "$origin_port" | sed -e "s/@AS@/$as/" \
        -e "s/@PORT1@/$((port + 1))/" -e "s/@PORT2@/$((port + 2))/" -e "s/@PORT3@/$((port + 3))/" \
        -e "s/@PORT4@/$((port + 4))/" >"$work/nginx.conf"
    peer_start "$work/run/nginx.pid" nginx -c "$work/nginx.conf" -p "$work/run"
do
    attempts=$((attempts + 1))
    [ $attempts -lt 10 ] || peer_failed nginx
done
url=http://127.0.0.1:$port

# ---- The origin: COPY and MOVE

run_davcopy file "$url/file.bin" "$url/copy.bin"
check "COPY of a file ends with 0" ends_with 0
check "the copy equals the file" cmp "$work/kept/file.bin" "$work/www/copy.bin"
check "nginx says 204 where nothing was replaced" event_has response http.response.status_code 204
run_davcopy refused "$url/tree/one.txt" "$url/copy.bin"
check "COPY onto something that exists is refused" ends_with 1
check "what existed is kept" cmp "$work/kept/file.bin" "$work/www/copy.bin"
run_davcopy overwrite --overwrite "$url/tree/one.txt" "$url/copy.bin"
check "COPY with --overwrite ends with 0" ends_with 0
check "it was replaced" cmp "$work/kept/tree/one.txt" "$work/www/copy.bin"
run_davcopy tree "$url/tree/" "$url/copy/"
check "COPY of a tree ends with 0" ends_with 0
check "the copy equals the tree" same_tree "$work/kept/tree" "$work/www/copy"
run_davcopy move --move "$url/copy/" "$url/moved/"
check "MOVE of a tree ends with 0" ends_with 0
check "the tree arrived" same_tree "$work/kept/tree" "$work/www/moved"
check "the tree is gone from where it was" test ! -e "$work/www/copy"
run_davcopy parent --no-settle "$url/file.bin" "$url/no/such/copy.bin"
check "a 500 for a missing parent: the outcome is unknown" ends_with 6
run_davcopy itself --overwrite "$url/file.bin" "$url/./file.bin"
check "COPY onto itself, by which nginx empties the file, is refused before asking" ends_with 2
check "the file is as it was" cmp "$work/kept/file.bin" "$work/www/file.bin"

# ---- Uploads

run_ask upload PUT "$url/big.bin" "file=$work/big"
check "20 MB wait for a 100" tells "PUT 201 done 0 new interims=100,"
check "they arrived" cmp "$work/big" "$work/www/big.bin"
run_ask streamed PUT "$url/streamed.bin" "stream=$work/big"
check "20 MB in chunks wait for a 100" tells "PUT 201 done 0 new interims=100,"
check "they arrived" cmp "$work/big" "$work/www/streamed.bin"
run_ask unasked PUT "$url/unasked.bin" "file=$work/big" expect=never
check "20 MB without asking" tells "PUT 201 done 0 new interims="
check "they arrived" cmp "$work/big" "$work/www/unasked.bin"

# It says 413 at once, reads on for a while, and closes.
run_ask refused PUT "$url/small/x" "file=$work/big" + GET "$url/file.txt" "output=$work/got"
check "413 before the body" tells "PUT 413 failed 0 new interims=
GET 200 done 0 new interims="
run_ask early PUT "$url/small/x" "file=$work/big" expect=never
check "413 while the body goes out" tells "PUT 413 failed 0 new interims="
run_ask middle PUT "$url/small/x" "stream=$work/big" expect=never
check "413 in the middle of chunks" tells "PUT 413 failed 0 new interims="

# ---- Content coding, redirects, connections

run_ask plain GET "$url/file.txt" "output=$work/got"
check "a file as it is" cmp "$work/got" "$work/www/file.txt"
run_ask coded GET "$url/file.txt" decode "output=$work/got"
check "a file by gzip, in chunks" cmp "$work/got" "$work/www/file.txt"
check "it was coded" grep -qi '"http.response.header.content-encoding":\["gzip"\]' "$log"
run_ask head HEAD "$url/file.txt" decode
check "the head of a file by gzip" tells "HEAD 200 done 0 new interims="

run_ask redirected GET "$url/moved-here" + GET "$url/see-other" + GET "$url/asked-there"
check "301, 303 and 307 lead to the file, by one connection" tells "GET 200 done 0 reused interims=
GET 200 done 0 reused interims=
GET 200 done 0 reused interims="
run_ask round GET "$url/round"
check "a round of redirects ends" tells "GET 302 failed INTERIM_EREDIRECT new interims="
run_davcopy moved "$url/moved-here" "$url/never"
check "COPY does not follow 301" ends_with 1
run_ask asked COPY "$url/asked-there" "header=Destination: $url/asked"
check "COPY follows 307 within the server" tells "COPY 204 done 0 reused interims="
check "it was copied" cmp "$work/www/file.txt" "$work/www/asked"

run_ask reused GET "$url/file.txt" + GET "$url/file.txt" + PUT "$url/p" "file=$work/kept/file.bin" + \
    GET "$url/no-such-file" + GET "$url/file.txt"
check "five requests share a connection" test "$(echo "$told" | grep -c reused)" -eq 4
run_ask idle GET "$url/impatient/file.txt" + GET "$url/file.txt" pause=2500 + \
    DELETE "$url/p" + DELETE "$url/impatient/file.txt"
check "a connection that it closed when idle is noticed before use" tells \
    "GET 200 done 0 new interims=
GET 200 done 0 new interims=
DELETE 204 done 0 reused interims=
DELETE 204 done 0 reused interims="
check "and nothing was asked twice" test "$(events retry)" -eq 0

# ---- The proxy

# through NUMBER NAME OPTION ... : COPY of the tree by the proxy of @PORTn@, to /NAME/
through() {
    through_url=http://127.0.0.1:$((port + $1))
    through_name=$2
    shift 2
    run_davcopy "$through_name" "$@" "$through_url/tree/" "$through_url/$through_name/"
}
arrived() {
    for _ in $(seq 100); do
        same_tree "$work/behind/tree" "$work/behind/$through_name" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    same_tree "$work/behind/tree" "$work/behind/$through_name"
}

# nginx 1.22 answers nothing, a 102 without an end, or takes the end of the origin's connection for
# the end of the answer; a newer one may do better.
lost_by_nginx() {
    grep '"interim.outcome":"unknown"' "$log" | grep -q -e ESILENCE -e EDISCONNECTED
}

for number in 1 2 3 4; do
    through $number plain$number
    check "plain, proxy $number: ends with 0" ends_with 0
    check "the copy equals the tree" arrived
done

again_behind 202 --delay 150 --retry-after 1
for number in 1 2 3 4; do
    through $number accepted$number
    check "202, proxy $number: ends with 0" ends_with 0
    check "its monitor was asked" has_event poll
    check "the copy equals the tree" arrived
done

again_behind 102 --interval 200 --steady --delay 150
through 1 old
check "102, HTTP/1.0 to the origin: ends with 0" ends_with 0
check "and no interim comes" test "$(events interim)" -eq 0
check "the copy equals the tree" arrived
through 2 late
check "102, connections closed: ends with 0" ends_with 0
check "interims come, if only at the end" has_event interim
check "nginx made the first of them" event_has interim interim.server '"nginx'
check "the copy equals the tree" arrived
through 3 lost --no-settle --silence 4
check "102, connections kept: nginx loses the final response, and the outcome is unknown" ends_with 6
check "the log has no final response of it" lost_by_nginx
check "and indeed it was copied" arrived
through 4 raw
check "102, no buffers: ends with 0" ends_with 0
check "interims come" has_event interim
check "the copy equals the tree" arrived
run_ask again COPY "$through_url/tree/" "header=Destination: $through_url/again/" + \
    GET "$through_url/file.bin"
check "the connection, of which nginx thinks that the 102 goes on, is not used again" \
    test "$(echo "$told" | sed -e 's/interims=.*//')" = "COPY 201 done 0 new 
GET 200 done 0 new "
finish
