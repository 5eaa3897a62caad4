#!/bin/sh
# `openssl s_server`, with certificates and revocation lists that the openssl command makes: client
# certificates, CRLs, versions, pinned keys, resumption. What it is asked is answered by a loop of
# this shell, a file that PROPFIND knows and COPY copies.
set -u
. "$(dirname "$0")/peer.sh"

command -v openssl >/dev/null 2>&1 || skip_all "the openssl command is not installed (package openssl)"

# ---- Certificates: a CA with a data base of what it revoked, two servers, a client.
cat >"$work/ca.cnf" <<END
[ca]
default_ca = test
[test]
database = $work/index.txt
crlnumber = $work/crlnumber
default_md = sha256
default_crl_days = 1
END
: >"$work/index.txt"
echo 01 >"$work/crlnumber"

# certificate NAME COMMON_NAME OPTION ...: NAME.crt and NAME.key, signed by the CA
certificate() {
    certificate_name=$1
    certificate_for=$2
    shift 2
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$certificate_for" "$@" \
        -keyout "$work/$certificate_name.key" -out "$work/request" &&
        openssl x509 -req -in "$work/request" -days 2 -copy_extensions copy -CA "$work/ca.crt" \
            -CAkey "$work/ca.key" -CAcreateserial -out "$work/$certificate_name.crt"
}

{
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=The CA" \
        -keyout "$work/ca.key" -out "$work/ca.crt" &&
        certificate server origin -addext subjectAltName=IP:127.0.0.1 &&
        certificate revoked origin -addext subjectAltName=IP:127.0.0.1 &&
        certificate client anna &&
        openssl ca -config "$work/ca.cnf" -cert "$work/ca.crt" -keyfile "$work/ca.key" \
            -revoke "$work/revoked.crt" &&
        openssl ca -config "$work/ca.cnf" -cert "$work/ca.crt" -keyfile "$work/ca.key" -gencrl \
            -out "$work/crl.pem" &&
        mkdir "$work/capath" && cp "$work/ca.crt" "$work/capath/ca.pem" &&
        openssl rehash "$work/capath"
} >"$work/openssl.out" 2>&1 || {
    cat "$work/openssl.out"
    fail "openssl makes certificates"
    finish
}

# ---- The server. s_server copies what comes to its output, and its input to who is connected.
body='<D:multistatus xmlns:D="DAV:"><D:response><D:href>/file</D:href><D:propstat><D:prop><D:resourcetype/></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>'

respond() {
    method=
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$work/seen"
        case $line in
        "ACCEPT "*) echo "${line##*:}" >"$work/port" ;;
        *"PROPFIND /"*) method=PROPFIND ;;
        *"COPY /"*) method=COPY ;;
        "$(printf '\r')")
            case $method in
            PROPFIND)
                printf 'HTTP/1.1 207 Multi-Status\r\n%sContent-Length: %d\r\n\r\n%s' "$connection" \
                    ${#body} "$body"
                ;;
            COPY) printf 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n' ;;
            esac
            method=
            ;;
        esac
    done
}

connection=
mkfifo "$work/in" "$work/out"
server_pid=

# serve CERTIFICATE OPTION ...: in place of the one before; $url is it then
serve() {
    serve_name=$1
    shift
    if [ -n "$server_pid" ]; then
        kill "$server_pid" 2>/dev/null
        wait "$server_pid" 2>/dev/null
        wait "$respond_pid" 2>/dev/null
    fi
    rm -f "$work/port"
    : >"$work/seen"
    openssl s_server -accept 127.0.0.1:0 -cert "$work/$serve_name.crt" \
        -key "$work/$serve_name.key" "$@" <>"$work/in" >"$work/out" 2>"$work/server.err" &
    server_pid=$!
    respond <"$work/out" >"$work/in" &
    respond_pid=$!
    peer_pids="$server_pid $respond_pid"
    serve_tries=0
    while [ ! -s "$work/port" ]; do
        serve_tries=$((serve_tries + 1))
        if [ $serve_tries -gt 200 ] || ! kill -0 "$server_pid" 2>/dev/null; then
            sed 's/^/    /' "$work/server.err"
            fail "s_server starts"
            finish
        fi
        sleep 0.05
    done
    url=https://127.0.0.1:$(cat "$work/port")/file
}

# copies NAME OPTION ...: davcopy with the CA
copies() {
    copies_name=$1
    shift
    run_davcopy "$copies_name" --silence 20 --cacert "$work/ca.crt" "$@" "$url" /copy
}

says() {
    grep -qF -- "$1" "$work/davcopy.err" && return 0
    echo "    davcopy did not say '$1' but:"
    sed 's/^/    /' "$work/davcopy.out" "$work/davcopy.err"
    return 1
}

server_saw() {
    grep -q -- "$1" "$work/seen" && return 0
    echo "    the server did not see '$1' but:"
    sed 's/^/    /' "$work/seen"
    return 1
}

identity="--cert $work/client.crt --key $work/client.key"
for version in tls1_2 tls1_3; do
    # shellcheck disable=SC2086 # $identity is a list of words
    {
        serve server -$version
        copies plain_$version
        check "$version: COPY ends with 0" ends_with 0
        check "$version: the log has the 201" event_has response http.response.status_code 201

        serve server -$version -Verify 1 -verify_return_error -CAfile "$work/ca.crt"
        copies anonymous_$version
        check "$version: without the client certificate that it wants, it ends with 4" ends_with 4
        copies client_$version $identity
        check "$version: with it, COPY ends with 0" ends_with 0
        check "$version: the server saw whose it is" server_saw 'anna'

        connection=$(printf 'Connection: close\r\n.')
        connection=${connection%.}
        serve server -$version
        copies resumed_$version
        check "$version: a COPY after a closed connection ends with 0" ends_with 0
        check "$version: its connection was resumed" server_saw '^Reused session-id'
        connection=
    }
done

serve server -tls1_2
copies old --tls-min 1.3
check "--tls-min 1.3 and a server of TLS 1.2 end with 4" ends_with 4
check "the version is the reason" says "the server does not speak TLS 1.3"
serve server -tls1_3
copies new --tls-min 1.3
check "--tls-min 1.3 and a server of TLS 1.3 end with 0" ends_with 0

serve server
run_davcopy capath --capath "$work/capath" "$url" /copy
check "--capath alone: COPY ends with 0" ends_with 0
copies current --crl "$work/crl.pem"
check "--crl and a certificate that is not revoked end with 0" ends_with 0
copies no_crl --crl "$work/ca.crt"
check "--crl with no CRL in it ends with 2" ends_with 2

pin=sha256//$(openssl x509 -in "$work/server.crt" -pubkey -noout | openssl pkey -pubin -outform der |
    openssl dgst -sha256 -binary | openssl base64)
copies pinned --pinned "$pin"
check "--pinned with its key ends with 0" ends_with 0
other=sha256//$(echo other | openssl dgst -sha256 -binary | openssl base64)
copies two_pins --pinned "$other;$pin"
check "--pinned with its key and another ends with 0" ends_with 0
copies wrong_pin --pinned "$other"
check "--pinned with another key ends with 4" ends_with 4
check "the key is told as openssl tells it" says "$pin"

copies mismatch --cert "$work/client.crt" --key "$work/server.key"
check "--key that is not the key of --cert ends with 2" ends_with 2
check "and says so" says "it is not the key of the client certificate"

openssl pkcs8 -topk8 -in "$work/client.key" -out "$work/locked.key" -passout pass:sesame
locked="--cert $work/client.crt --key $work/locked.key"
echo sesame >"$work/right"
echo guess >"$work/wrong"
copies locked $locked --key-password-file "$work/right"
check "--key-password-file opens the key" ends_with 0
copies locked_wrong $locked --key-password-file "$work/wrong"
check "a wrong password for the key ends with 2" ends_with 2
check "and says so" says "the password does not open it"
copies locked_none $locked --key-password-file "$work/none"
check "a password file that is not there ends with 2" ends_with 2
check "no password of the key is in a log" sh -c "! grep -q sesame '$work'/*.jsonl"

SSLKEYLOGFILE=$work/secrets
export SSLKEYLOGFILE
copies logged
check "with SSLKEYLOGFILE COPY ends with 0" ends_with 0
check "the secrets are there" grep -q '^CLIENT_TRAFFIC_SECRET_0 ' "$work/secrets"
check "for their owner only" test "$(find "$work/secrets" -perm 0600)" = "$work/secrets"
unset SSLKEYLOGFILE

serve revoked
copies unchecked
check "a revoked certificate without --crl ends with 0" ends_with 0
copies revoked --crl "$work/crl.pem"
check "a revoked certificate with --crl ends with 4" ends_with 4
check "revocation is the reason" says "was revoked by its issuer 'The CA'"
finish
