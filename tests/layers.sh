#!/bin/sh
# The layers hold: includes point down only, and the core (base, exchange, operation) calls nothing
# of the world: no socket, clock, file, process or thread, no random numbers, no environment. Bytes,
# time and random numbers come to it as arguments.
set -u
SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
. "$SRCDIR/tests/report.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT INT TERM

# ---- Includes. A layer: what it may include of src/, itself included.
below() {
    case $1 in
    base) echo "base" ;;
    exchange) echo "base exchange" ;;
    operation) echo "base exchange operation" ;;
    loop) echo "base loop" ;;
    transport) echo "base loop transport" ;;
    drive) echo "base exchange operation loop transport drive" ;;
    client) echo "base exchange operation loop transport drive client" ;;
    esac
}

# The headers that the files named name in quotes: "file:header" a line.
quoted() {
    grep -HE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$@" |
        sed 's/^\([^:]*\):[^"]*"\([^"]*\)".*/\1:\2/'
}

for layer in base exchange operation loop transport drive client; do
    set -- "$SRCDIR/src/$layer"/*.[ch]
    if [ ! -e "$1" ]; then
        fail "src/$layer has files"
        continue
    fi
    quoted "$@" | while IFS=: read -r file header; do
        allowed=no
        for lower in $(below "$layer"); do
            case $header in
            "$lower"/*/*) ;;
            "$lower"/*) allowed=yes ;;
            esac
        done
        [ "$header" = config.h ] && allowed=yes
        [ $allowed = yes ] || echo "    ${file#"$SRCDIR/"} includes \"$header\""
    done >"$work/up"
    cat "$work/up"
    check "src/$layer includes only what lies below it" test ! -s "$work/up"
done

for file in "$SRCDIR"/src/*; do
    case ${file##*/} in
    base | exchange | operation | loop | transport | drive | client | interim.map | order.ld | tls.map) ;;
    *.lo | *.o) ;;
    *) fail "src/${file##*/} belongs to no layer" ;;
    esac
done

grep -HnE '^[[:space:]]*#[[:space:]]*include.*(\.\./|src/|[<"](base|exchange|operation|loop|transport|drive|client)/)' \
    "$SRCDIR"/tools/*/*.[ch] "$SRCDIR"/include/*.h >"$work/tools"
grep -HnE '^[[:space:]]*#[[:space:]]*include.*interim\.h' "$SRCDIR"/tools/davorigin/*.[ch] >>"$work/tools"
sed 's/^/    /' "$work/tools"
check "the tools include no header of src/, and davorigin not the library's" test ! -s "$work/tools"

# ---- Calls. Names as the C library may decorate them: __read_chk, open64, __isoc99_fscanf, x@GLIBC.
plain() {
    sed -e 's/@.*//' -e 's/^__isoc[0-9]*_//' -e 's/^__//' -e 's/_chk$//' -e 's/64$//'
}

# One extended regular expression a group; each must match the whole name.
cat >"$work/denied" <<'END'
accept4?|bind|connect|listen|socket|socketpair|shutdown|[gs]etsockopt|getsockname|getpeername
send|sendto|sendm?msg|sendfile|recv|recvfrom|recvm?msg
getaddrinfo|freeaddrinfo|getnameinfo|gai_strerror|gethostby.*|getservby.*|res_.*|ns_.*
read|write|p?readv?2?|p?writev?2?|open|openat|creat|close|closedir|opendir|fdopendir|readdir.*|lseek|ioctl|fcntl|flock
dup[23]?|pipe2?|eventfd.*|timerfd.*|signalfd|memfd.*|mmap|munmap|mprotect|mkstemps?|mkostemps?|tmpfile|tmpnam.*|tempnam
unlink|unlinkat|rename.*|link|linkat|symlink.*|readlink.*|mkdir.*|rmdir|f?l?stat|fstatat|statx|access|faccessat|f?truncate|f?chmod|f?chown|utime.*|realpath|getcwd|f?chdir
poll|ppoll|select|pselect|epoll_.*|kqueue|kevent
f?open|fdopen|freopen|fclose|fread.*|fwrite.*|fgets.*|fgetc.*|getc.*|getline|getdelim|fputs.*|fputc.*|putc.*|putchar.*|puts|fprintf|vfprintf|printf|vprintf|dprintf|vdprintf|v?f?scanf|fflush.*|fseeko?|ftello?|setv?buf|perror|stdin|stdout|stderr
clock|clock_.*|gettimeofday|time|times|ftime|timespec_get|nanosleep|usleep|sleep|alarm|[gs]etitimer|timer_.*
localtime.*|mktime|tzset|ctime.*
pthread_.*|thrd_.*|mtx_.*|cnd_.*|tss_.*|sem_.*|tls_get_addr
fork|vfork|clone.?|exec.*|posix_spawn.*|system|popen|pclose|waitp?i?d?|wait[34]|kill|raise|signal|sigaction|sigprocmask|_?exit|_Exit|quick_exit|atexit|get[pug]id|gete[ug]id|syscall|prctl
getenv|secure_getenv|setenv|putenv|unsetenv|environ|setlocale|uselocale
random_?r?|s?random|s?rand|rand_r|[dejlmn]rand48.*|arc4random.*|getrandom|getentropy
dl(open|m?open|v?sym|close|error|addr1?|info|_iterate_phdr)
gz[a-z]+|json_(dump|load)(f|_file|fd|_callback)
interim_(client|perform|start|log|operation)_?.*
END
denied="^($(paste -s -d'|' "$work/denied"))\$"

for layer in base exchange operation; do
    : >"$work/calls"
    objects=0
    for source in "$SRCDIR/src/$layer"/*.c; do
        name=${source##*/}
        object=
        for candidate in "$BUILDDIR/src/$layer/.libs/"lib*_la-"${name%.c}.o" \
            "$BUILDDIR/src/$layer/"lib*_la-"${name%.c}.o"; do
            if [ -z "$object" ] && [ -e "$candidate" ]; then object=$candidate; fi
        done
        if [ -z "$object" ]; then
            echo "    there is no object of src/$layer/$name" | tee -a "$work/calls"
            continue
        fi
        objects=$((objects + 1))
        ${NM:-nm} -u "$object" | awk '{ print $NF }' | plain | grep -E "$denied" |
            sed "s,^,    src/$layer/$name calls ," | tee -a "$work/calls"
    done
    check "src/$layer calls no socket, clock, file, process or thread ($objects objects)" \
        test ! -s "$work/calls" -a "$objects" -gt 0
done

# ---- OpenSSL: in a shared build libtls is another object, and all the rest has to do without it.
openssl_calls() {
    for object in "$BUILDDIR"/src/*/.libs/$1_la-*.o "$BUILDDIR"/src/*/$1_la-*.o; do
        [ ! -e "$object" ] || ${NM:-nm} -u "$object" | awk '{ print $NF }' |
            grep -E '^(ASN1|BIO|CRYPTO|ERR|EVP|OPENSSL|PEM|RAND|SSL|X509|d2i|i2d)_|^OPENSSL' |
            sed "s,^,    ${object##*/} calls ,"
    done
}

for part in libcore libhot libdoor; do openssl_calls $part; done >"$work/calls"
cat "$work/calls"
check "only libtls calls OpenSSL" test ! -s "$work/calls" -a -n "$(openssl_calls libtls)"

# The check itself: it finds what it looks for.
cat >"$work/planted.c" <<'END'
#include <stdio.h>
#include <time.h>
#include <unistd.h>
int planted(char *, size_t);
int planted(char *b, size_t n)
{
    FILE *f = fopen("x", "r");
    return (int)read(0, b, n) + (int)time(NULL) + (f != NULL);
}
END
# shellcheck disable=SC2086 # CC may have words
found=$(${CC:-cc} -O2 -D_FORTIFY_SOURCE=2 -c "$work/planted.c" -o "$work/planted.o" &&
    ${NM:-nm} -u "$work/planted.o" | awk '{ print $NF }' | plain | grep -cE "$denied")
check "planted calls of read, time and fopen are found" test "$found" = 3
finish
