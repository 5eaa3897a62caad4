#!/bin/sh
# Through real proxies: squid by absolute form and by CONNECT, with a password; dante by SOCKS5. The origin is
# davorigin, plain and with TLS.
set -u
. "$(dirname "$0")/peer.sh"
DAVORIGIN=${DAVORIGIN:-$BUILDDIR/davorigin}

command -v squid >/dev/null 2>&1 || skip_all "squid is not installed (package squid)"
command -v danted >/dev/null 2>&1 || skip_all "danted is not installed (package dante-server)"
command -v openssl >/dev/null 2>&1 || skip_all "openssl is not installed (package openssl)"
auth=$(find /usr/lib /usr/libexec -name basic_ncsa_auth 2>/dev/null | head -n 1)
[ -n "$auth" ] || skip_all "squid's basic_ncsa_auth is not there (package squid)"
digest=$(find /usr/lib /usr/libexec -name digest_file_auth 2>/dev/null | head -n 1)
[ -n "$digest" ] || skip_all "squid's digest_file_auth is not there (package squid)"

unset http_proxy https_proxy all_proxy no_proxy HTTPS_PROXY ALL_PROXY NO_PROXY
mkdir "$work/www"
sample_tree "$work/www"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
chmod 644 "$work/key.pem"

# origin NAME OPTION ...: starts davorigin and sets $url.
origin() {
    origin_name=$1
    shift
    peer_start "$work/server.out" "$DAVORIGIN" --root "$work/www" --listen 127.0.0.1:0 \
        --answer 102 --interval 100 --delay 60 "$@" || peer_failed "$origin_name"
    url=$(sed -n 's/.*listening on //p' "$work/server.out")
}
origin davorigin
plain=$url
origin "davorigin with TLS" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem"
secure=$url

# answers PROXY: the proxy has written its pid file before it listens, so it is asked until it answers.
answers() {
    answers_tries=0
    until run_davcopy probe --proxy "$1" "${plain}none" "${plain}nowhere" && [ "$code" -ne 4 ]; do
        answers_tries=$((answers_tries + 1))
        [ $answers_tries -lt 100 ] || return 1
        sleep 0.1
    done
}

# ---- squid
printf 'u:%s\n' "$(openssl passwd -apr1 p)" >"$work/passwords"
user=$(id -un)
group=$(id -gn)
if [ "$user" = root ]; then
    user=proxy
    group=proxy
    chown proxy "$work"
fi
attempts=0
until
    port=$(random_port)
    from_template squid.conf "$port" | sed "s,@AUTH@,$auth," >"$work/squid.conf"
    peer_start "$work/squid.pid" squid -N -f "$work/squid.conf"
do
    attempts=$((attempts + 1))
    [ $attempts -lt 10 ] || peer_failed squid
done
proxy=http://u:p@127.0.0.1:$port
answers "$proxy" || peer_failed squid

run_davcopy plain --proxy "$proxy" "${plain}tree/" "${plain}copied/"
check "COPY through squid ends with 0" ends_with 0
check "squid was on the way" sh -c "grep -q 'interim.via' '$log'"
check "its 102s came through" has_event interim
check "the copy equals the tree" same_tree "$work/www/tree" "$work/www/copied"

run_davcopy tunnel --proxy "$proxy" --cacert "$work/cert.pem" "${secure}tree/" "${secure}secret/"
check "COPY by CONNECT and TLS ends with 0" ends_with 0
check "the tunnel is a hop of its own" event_has response interim.hop '"tunnel"'
check "the origin's 102s came through the tunnel" event_has interim interim.hop '"request"'
check "the copy equals the tree" same_tree "$work/www/tree" "$work/www/secret"
check "no log has the password" sh -c "! grep -q 'dTpw' '$work'/*.jsonl"

run_davcopy refused --proxy "http://u:wrong@127.0.0.1:$port" --cacert "$work/cert.pem" \
    "${secure}tree/" "${secure}never/"
check "a wrong password for the proxy: network, nothing was sent" ends_with 4
check "it says what the proxy answered" grep -q 407 "$work/davcopy.err"
check "and nothing was copied" test ! -e "$work/www/never"

http_proxy=$proxy no_proxy=127.0.0.0/8 run_davcopy direct "${plain}file.bin" "${plain}direct.bin"
check "no_proxy goes around squid" ends_with 0
check "nothing of squid is in the log" sh -c "! grep -q 'interim.via' '$log'"
http_proxy=http://127.0.0.1:1 run_davcopy environment "${plain}file.bin" "${plain}environment.bin"
check "the environment's proxy is used" ends_with 4

# ---- squid by Digest, which does not take Basic at all
printf 'd:%s\n' "sesame" >"$work/digests"
attempts=0
until
    port=$(random_port)
    from_template squid.conf "$port" |
        sed -e '/^auth_param basic children/d' -e '/^auth_param basic realm/d' \
            -e "s,^auth_param basic program .*,auth_param digest program $digest $work/digests," \
            -e 's,squid\.pid,squid-digest.pid,' -e 's,squid\.log,squid-digest.log,' \
            -e '1a auth_param digest realm test' -e '1a auth_param digest children 1' \
            >"$work/squid-digest.conf"
    peer_start "$work/squid-digest.pid" squid -N -f "$work/squid-digest.conf"
do
    attempts=$((attempts + 1))
    [ $attempts -lt 10 ] || peer_failed "squid with Digest"
done
proxy=http://d:sesame@127.0.0.1:$port
answers "$proxy" || peer_failed "squid with Digest"
run_davcopy digest --proxy "$proxy" "${plain}tree/" "${plain}digested/"
check "COPY through squid by Digest ends with 0" ends_with 0
check "the log has the round at the proxy" event_has retry http.response.status_code 407
check "the copy equals the tree" same_tree "$work/www/tree" "$work/www/digested"
run_davcopy digest-tunnel --proxy "$proxy" --cacert "$work/cert.pem" "${secure}tree/" "${secure}deep/"
check "COPY by CONNECT with Digest and TLS ends with 0" ends_with 0
check "CONNECT was asked again" event_has response interim.hop_index 1
check "the copy equals the tree" same_tree "$work/www/tree" "$work/www/deep"
check "no password and no answer is in a log" \
    sh -c "! grep -q -e sesame -e 'response=' -e 'nonce=' '$work'/*.jsonl"
run_davcopy digest-refused --proxy "http://d:wrong@127.0.0.1:$port" --cacert "$work/cert.pem" \
    "${secure}tree/" "${secure}never/"
check "a wrong password by Digest: network, nothing was sent" ends_with 4
check "it says that the credentials were refused" \
    grep -q 'credentials were refused' "$work/davcopy.err"
check "and nothing was copied" test ! -e "$work/www/never"

# ---- dante
attempts=0
until
    port=$(random_port)
    from_template danted.conf "$port" >"$work/danted.conf"
    peer_start "$work/danted.pid" danted -f "$work/danted.conf" -p "$work/danted.pid" -N 1
do
    attempts=$((attempts + 1))
    [ $attempts -lt 10 ] || peer_failed danted
done
answers "socks5h://127.0.0.1:$port" || peer_failed danted
run_davcopy socks --proxy "socks5h://127.0.0.1:$port" "${plain}tree/" "${plain}socks/"
check "COPY through dante ends with 0" ends_with 0
check "the copy equals the tree" same_tree "$work/www/tree" "$work/www/socks"
run_davcopy socks-tls --proxy "socks5h://127.0.0.1:$port" --cacert "$work/cert.pem" \
    "${secure}tree/" "${secure}socks-tls/"
check "COPY through dante with TLS ends with 0" ends_with 0
run_davcopy socks-refused --proxy "socks5h://127.0.0.1:$port" http://127.0.0.1:1/a http://127.0.0.1:1/b
check "what the proxy cannot reach is a matter of the network" ends_with 4
finish
