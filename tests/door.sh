#!/bin/sh
# What speaks TLS is loaded when it is needed, and then only: a program that asks http maps no OpenSSL;
# a module that is missing, damaged or of another version is a clear error, and http goes on working;
# it is found beside the library, by name, or because the program is linked with it.
set -u
SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
. "$SRCDIR/tests/report.sh"
[ -e "$BUILDDIR/.libs/libinterim-tls.so.0" ] || skip_all "the shared library was not built (--disable-shared)"
command -v openssl >/dev/null 2>&1 || skip_all "the openssl command is not installed (package openssl)"

work=$(mktemp -d) || exit 1
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$work"' EXIT INT TERM

# Takes URLs in turn, each in a client of its own: "200 unmapped", "0 mapped: TEXT". FROM=TO renames
# a file; +N has the next in N threads at once; -N leaves the process N KiB of memory more, -0 all.
cat >"$work/program.c" <<'C'
#include <interim.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char *url;

static long in_file(const char *path, const char *word)
{
    FILE *file = fopen(path, "r");
    char line[4096], *at;
    long found = -1;

    while (file != NULL && found < 0 && fgets(line, sizeof line, file) != NULL)
        if ((at = strstr(line, word)) != NULL)
            found = atol(at + strlen(word));
    if (file != NULL)
        fclose(file);
    return found;
}

static void *ask(void *unused)
{
    const char *text = "no client";
    interim_client *client = NULL;
    interim_request *request = NULL;
    interim_result *result = NULL;
    interim_authentication authentication = INTERIM_AUTHENTICATION_INIT;
    int status = 0;

    (void)unused;
    authentication.user = "user";
    authentication.password = "password";
    if (interim_client_new(&client, NULL) == 0 && interim_request_new(&request, "GET", url) == 0 &&
        interim_request_set_authentication(request, &authentication) == 0) {
        interim_perform(&result, client, request);
        status = interim_result_status(result);
        text = interim_result_error(result)->code == 0 ? "" : interim_result_error(result)->text;
    }
    printf("%d %s%s%s\n", status, in_file("/proc/self/maps", "libcrypto") < 0 ? "unmapped" : "mapped",
           *text == '\0' ? "" : ": ", text);
    interim_result_free(result);
    interim_request_free(request);
    interim_client_free(client);
    return NULL;
}

int main(int count, char **arguments)
{
    int threads = 1;

    for (int i = 1; i < count; i++) {
        char *to = strchr(arguments[i], '=');
        pthread_t ids[64];

        url = arguments[i];
        if (*url == '+') {
            threads = atoi(url);
        } else if (*url == '-') {
            struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

            if (url[1] != '0')
                limit.rlim_cur = (rlim_t)(in_file("/proc/self/status", "VmSize:") + atol(url + 1)) * 1024;
            setrlimit(RLIMIT_AS, &limit);
        } else if (to != NULL) {
            *to = '\0';
            if (rename(url, to + 1) < 0)
                perror(to + 1);
        } else {
            for (int n = 1; n < threads; n++)
                pthread_create(&ids[n], NULL, ask, NULL);
            ask(NULL);
            for (int n = 1; n < threads; n++)
                pthread_join(ids[n], NULL);
        }
    }
    return 0;
}
C

compile() {
    out=$1
    shift
    # shellcheck disable=SC2086 # a list of flags
    ${CC:-cc} ${SANITIZERS:-} -I"$SRCDIR/include" -pthread "$work/program.c" -o "$work/$out" "$@"
}

# run WANTED ARGUMENT...: what the program says, lines joined by "; ", is matched by the pattern.
program=program
run() {
    wanted=$1
    shift
    said=$(SSL_CERT_FILE=$work/cert LD_LIBRARY_PATH=$library_path "$work/$program" "$@" 2>&1 | paste -s -d';' -)
    # shellcheck disable=SC2254 # it is a pattern
    case $said in
    $wanted) return 0 ;;
    esac
    printf '    wanted: %s\n    said:   %s\n' "$wanted" "$said"
    return 1
}

# serve COMMAND...: a server; sets url.
serve() {
    : >"$work/out" # now, and not when the server begins
    "$@" >"$work/out" 2>"$work/err" &
    pids="$pids $!"
    tries=0
    until grep -q 'listening on ' "$work/out"; do
        tries=$((tries + 1))
        if [ $tries -gt 300 ]; then
            cat "$work/err"
            fail "$1 starts"
            finish
        fi
        sleep 0.1
    done
    url=$(sed -n 's,.*listening on \([^ ]*\).*,\1,p' "$work/out")
    url=${url%/}/file
}

mkdir "$work/root" "$work/lib"
echo hello >"$work/root/file"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$work/key" -out "$work/cert" >"$work/log" 2>&1 || skip_all "openssl makes no certificate"
serve "$BUILDDIR/davorigin" --root "$work/root"
http=$url
serve "$BUILDDIR/davorigin" --root "$work/root" --tls-cert "$work/cert" --tls-key "$work/key"
https=$url
cat >"$work/digest.py" <<'PY'
import http.server

class Asks(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        knows = self.headers.get("Authorization", "").startswith("Digest ")
        self.send_response(200 if knows else 401)
        if not knows:
            self.send_header("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256')
        self.send_header("Content-Length", "0")
        self.end_headers()

server = http.server.HTTPServer(("127.0.0.1", 0), Asks)
print("listening on http://127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
PY
login=
if command -v python3 >/dev/null 2>&1; then
    serve python3 "$work/digest.py"
    login=$url
fi
library_path=$BUILDDIR/.libs
check "the program is built" compile program -L"$BUILDDIR/.libs" -linterim || finish

check "http maps no OpenSSL" run "200 unmapped;200 unmapped" "$http" "$http"
check "https does, and http before it does not" run "200 unmapped;200 mapped" "$http" "$https"
if [ -n "$login" ]; then
    check "so does an answer to Digest" run "200 unmapped;200 mapped" "$http" "$login"
else
    skip "Digest: python3 is not installed"
fi
check "threads that need it at once get it" \
    run "200 mapped;200 mapped;200 mapped;200 mapped;200 mapped;200 mapped;200 mapped;200 mapped" +8 "$https"

# The same, where the module can be taken away.
library_path=$work/lib
module=$work/lib/libinterim-tls.so.0
away=$module.away
cp "$BUILDDIR/.libs/libinterim.so.0" "$work/lib"
lacks="0 unmapped: no TLS: $module:*"

cp "$BUILDDIR/.libs/libinterim-tls.so.0" "$away"
check "without the module https says so, and http works" run "200 unmapped;$lacks;200 unmapped" "$http" "$https" "$http"
[ -z "$login" ] || check "an answer to Digest says so too" run "401 unmapped: no TLS: $module: *;200 unmapped" \
    "$login" "$http"
check "what was missing is looked for again" run "$lacks;200 mapped" "$https" "$away=$module" "$https"
mv "$module" "$away"
head -c 30 "$away" >"$module"
check "a module that is cut off is told from none" run "0 unmapped: no TLS: $module: file too short;200 unmapped" \
    "$https" "$http"

# fake TEXT: a module of that source.
fake() {
    echo "$1" >"$work/fake.c"
    ${CC:-cc} -shared -fPIC -Wl,-soname,libinterim-tls.so.0 "$work/fake.c" -o "$module"
}
fake 'const struct { const char *version; unsigned long layout; } interim__openssl = {"9.8.7", 1};'
check "a module of another version is not used" \
    run "0 unmapped: no TLS: libinterim-tls.so.0 is of 9.8.7, not of this *: after an update, start the program again" "$https"
version=$(sed -n 's/^#define INTERIM_VERSION "\(.*\)"/\1/p' "$SRCDIR/include/interim.h")
fake "const struct { const char *version; unsigned long layout; } interim__openssl = {\"$version\", 1};"
check "nor one of another build that has the same version" run "0 unmapped: no TLS: libinterim-tls.so.0 is of *" "$https"
fake 'int nothing_of_ours;'
check "nor one without a table" run "0 unmapped: no TLS: $module: undefined symbol: interim__openssl" "$https"

# Where it is found.
mkdir "$work/elsewhere"
cp "$away" "$work/elsewhere/libinterim-tls.so.0"
rm "$module"
library_path=$work/lib:$work/elsewhere
check "where the system looks it is found too" run "200 mapped" "$https"
library_path=$work/elsewhere:$work/lib
fake 'const struct { const char *version; unsigned long layout; } interim__openssl = {"9.8.7", 1};'
mv "$module" "$work/elsewhere/libinterim-tls.so.0"
cp "$away" "$module"
check "what is beside the library comes first" run "200 mapped" "$https"

library_path=$work/lib
check "a program is linked with it" compile linked -L"$BUILDDIR/.libs" -linterim -Wl,--no-as-needed -linterim-tls
program=linked
check "it does without the file" run "200 mapped;200 mapped" "$http" "$module=$away" "$https"

if [ -z "${SANITIZERS:-}" ] && ! LD_LIBRARY_PATH=$library_path ldd "$work/program" | grep -q 'asan'; then
    program=program
    cp "$away" "$module"
    check "no memory for it is an error, and no more than that" \
        run "200 unmapped;0 unmapped: no TLS: *: *;200 mapped" "$http" -2000 "$https" -0 "$https"
else
    skip "no memory: a sanitizer needs it"
fi

if [ -e "$BUILDDIR/.libs/libinterim-tls.a" ]; then
    # shellcheck disable=SC2046 # lists of words
    check "a static program is built" compile static "$BUILDDIR/.libs/libinterim.a" "$BUILDDIR/.libs/libinterim-tls.a" \
        $(${PKG_CONFIG:-pkg-config} --libs libssl libcrypto zlib libcjson expat)
    program=static
    rm -f "$module"
    check "it has no need of the module" run "200 mapped;200 mapped" "$http" "$https"
else
    skip "the static library was not built"
fi
finish
