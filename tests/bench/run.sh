#!/bin/sh
# Runs the benchmarks: `make bench` calls it, with the programs of this tree built.
#
#     sh tests/bench/run.sh           speed, instructions and start of every client that can be built,
#                                     and a million jobs; tables go to bench.md, every run to
#                                     bench.log, the table of goals to standard output
#     sh tests/bench/run.sh check     every workload once, small: every answer of our client, and of the
#                                     floors, is right. Nothing is timed
#
# The clients of other libraries are built here where pkg-config knows the library, and left out, with
# a word, where not. From the environment:
#     BENCH_ROUNDS      rounds (5)
#     BENCH_SCALE       percent of the usual counts (100)
#     BENCH_WORKLOADS   names with commas between (all)
#     BENCH_CLIENTS     labels with commas between (all)
#     BENCH_JOBS        that wait (1000000); none with BENCH_WORKLOADS
set -u
SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
sources=$SRCDIR/tests/bench
programs=$BUILDDIR/tests/bench
. "$SRCDIR/tests/report.sh"

# peer NAME MODULE ...: builds client_NAME
peer() {
    program=$programs/client_$1
    source=$sources/client_$1.c
    shift
    if ! ${PKG_CONFIG:-pkg-config} --exists "$@" 2>/dev/null; then
        rm -f "$program"
        skip "${program##*/}: pkg-config does not know $*"
        return
    fi
    if [ -x "$program" ] && [ -z "$(find "$source" "$sources/bench.c" "$sources/bench.h" -newer "$program")" ]; then
        return
    fi
    # shellcheck disable=SC2046,SC2086 # lists of words
    ${CC:-cc} -std=c11 -Wall -D_GNU_SOURCE ${CFLAGS:--O2 -g} $(${PKG_CONFIG:-pkg-config} --cflags "$@") \
        -o "$program" "$source" "$sources/bench.c" $(${PKG_CONFIG:-pkg-config} --libs "$@") ||
        fail "${program##*/} does not build"
}

peer curl libcurl
peer curlm libcurl
peer neon neon
peer serf serf-1 apr-1 apr-util-1
peer soup libsoup-3.0

run() {
    "$programs/runner" -d "$programs" ${BENCH_CLIENTS:+-k "$BENCH_CLIENTS"} \
        ${BENCH_WORKLOADS:+-w "$BENCH_WORKLOADS"} "$@"
}

ours=raw,raw-ssl,epoll,epoll-ssl,interim
if [ "${1:-}" = check ]; then
    tables=$(mktemp) || exit 1
    trap 'rm -f "$tables"' EXIT INT TERM
    if [ -z "${BENCH_WORKLOADS:-}" ]; then
        for workload in $("$programs/runner" -h 2>&1 | sed -n 's/^  \([a-z0-9-]*\) .*/\1/p'); do
            case $workload in
            small-2cpu | slow-* | at-once-*) ;; # those with long waits
            *) check "$workload: every answer is right" run -r 1 -s 2 -w "$workload" -k "$ours" -e "$ours" -o "$tables" ;;
            esac
        done
    fi
    finish
fi

# What the table tells of the machine.
machine() {
    printf 'machine date=%s cpu="%s" cpus=%s kernel=%s compiler="%s" load=%s scale=%s\n' "$(date +%Y-%m-%d)" \
        "$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)" "$(getconf _NPROCESSORS_ONLN)" \
        "$(uname -r)" "$(${CC:-cc} --version | head -n 1 | tr -d '"')" "$(cut -d ' ' -f 1 /proc/loadavg)" \
        "${BENCH_SCALE:-100}"
}

# size LABEL FILE [FILE]: the size of a shared object without symbols, with that of the other one that
# it loads; what it exports and what it needs
size() {
    [ -e "$2" ] || return 0
    strip -o bench.tmp "$2" && bytes=$(wc -c <bench.tmp) && if [ -n "${3:-}" ]; then
        strip -o bench.tmp "$3" && bytes=$((bytes + $(wc -c <bench.tmp)))
    fi && printf 'size label=%s bytes=%s exports=%s needs=%s\n' "$1" "$bytes" \
        "$(nm -D --defined-only "$2" | grep -c ' [TDBRVW] ')" "$(objdump -p "$2" | grep -c ' NEEDED ')"
    rm -f bench.tmp
}

# size_of_peer LABEL LIBRARY: that which the client of that label is linked with
size_of_peer() {
    [ -x "$programs/client_$1" ] || return 0
    size "$1" "$(ldd "$programs/client_$1" | sed -n "s/^.*$2.*=> \([^ ]*\) .*/\1/p")"
}

sizes() {
    size interim .libs/libinterim.so .libs/libinterim-tls.so
    size_of_peer curl libcurl
    size_of_peer neon libneon
    size_of_peer serf libserf
    size_of_peer soup libsoup
}

parts() {
    "$programs/document"
    "$programs/log"
    "$programs/waiting" "${BENCH_JOBS:-1000000}" 150 120
}

cd "$BUILDDIR" || exit 1
rm -f bench.md bench.log
machine >bench.log
run -r "${BENCH_ROUNDS:-5}" -s "${BENCH_SCALE:-100}" -e interim -o bench.md -l bench.log || fail "our client fails"
run -I -o bench.md -l bench.log
run -S -r "${BENCH_ROUNDS:-5}" -o bench.md -l bench.log
sizes >>bench.log
[ -n "${BENCH_WORKLOADS:-}" ] || parts >>bench.log
echo "Every run is in $PWD/bench.log, tables of all clients are in $PWD/bench.md. The goals:"
python3 "$sources/table.py" bench.log || cat bench.md
[ "$failed" -eq 0 ]
