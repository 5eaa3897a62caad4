#!/bin/sh
# The main job, from nothing: installs what is needed, builds in build-demo/, serves a sample tree by
# davorigin and copies it by davcopy both ways, following 102 Processing and 202 Accepted to their
# end.
#
#     sh tools/demo.sh
#
# Needs root or sudo only where a package is missing, and no terminal. The exit code is 0 when both
# copies equal their source.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD_DIR:-$top/build-demo}
case $build in /*) ;; *) build=$PWD/$build ;; esac
. "$top/tools/setup.sh"

heading() {
    printf '\n==== %s\n' "$1"
}

stop() {
    echo "demo: $1" >&2
    exit 1
}

heading "Installing and building"
setup_install "$packages_to_build" || stop "the packages that the build needs are not there"
setup_build "$build" --disable-static || stop "libinterim was not built"

work=$(mktemp -d) || exit 1
origin=
cleanup() {
    [ -z "$origin" ] || kill "$origin" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

heading "A sample tree, and davorigin to serve it"
mkdir -p "$work/www/sample/pictures/2024" "$work/www/sample/notes"
for number in 1 2 3 4; do
    echo "note $number" >"$work/www/sample/notes/note $number.txt"
    head -c $((number * 150000)) /dev/urandom >"$work/www/sample/pictures/2024/$number.raw"
done
: >"$work/www/sample/empty"
(cd "$work/www" && find sample -type f -exec wc -c {} + | LC_ALL=C sort -k 2)

# Each file is copied 200 ms slower than it could be, so that there is something to wait for.
set -- --root "$work/www" --listen 127.0.0.1:0 --answer 102 --interval 300 --steady --delay 200
echo "davorigin $*"
"$build/davorigin" "$@" >"$work/origin.out" 2>"$work/origin.err" &
origin=$!
tries=0
until url=$(sed -n 's/^davorigin: listening on //p' "$work/origin.out") && [ -n "$url" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 $origin 2>/dev/null; then
        cat "$work/origin.err" >&2
        stop "davorigin did not start"
    fi
    sleep 0.1
done
sed 's/^/  /' "$work/origin.out"

failures=0
summary=
# copy NAME OPTION ...: copies sample/ to NAME/, shows the events of the log, compares the trees.
copy() {
    name=$1
    shift
    echo "davcopy --log $name.jsonl ${1+$1 '$2' }${url}sample/ ${url}$name/"
    rm -f "$build/$name.jsonl"
    "$build/davcopy" --log "$build/$name.jsonl" "$@" "${url}sample/" "${url}$name/" \
        </dev/null 2>&1
    code=$?
    echo
    echo "The events, from its log:"
    show_events "$build/$name.jsonl"
    if [ $code -ne 0 ]; then
        verdict="FAILED: davcopy ended with $code"
    elif ! diff -r "$work/www/sample" "$work/www/$name"; then
        verdict="FAILED: the copy differs"
    else
        verdict="$(find "$work/www/$name" -type f | wc -l | tr -d ' ') files,"
        verdict="$verdict $(find "$work/www/$name" -type f -exec cat {} + | wc -c | tr -d ' ') bytes,"
        verdict="$verdict equal to the source"
    fi
    case $verdict in FAILED*) failures=$((failures + 1)) ;; esac
    summary="$summary
  sample/ -> $name/: $verdict"
}

# One line an event: seconds, method, event, status, silence before it, and what it says.
show_events() {
    awk '
        function member(name,    at, rest) {
            at = index($0, "\"" name "\":")
            if (at == 0) return ""
            rest = substr($0, at + length(name) + 3)
            if (substr(rest, 1, 1) == "\"") { rest = substr(rest, 2); sub(/".*/, "", rest) }
            else sub(/[,}].*/, "", rest)
            return rest
        }
        BEGIN { print "  seconds  method    event      status  silence ms" }
        {
            text = member("interim.text")
            if (member("interim.percent") != "") text = sprintf("%.0f%% %s", member("interim.percent"), text)
            if (member("interim.wait_ms") != "") text = member("interim.wait_ms") " ms until the next poll"
            if (member("interim.outcome") != "") text = member("interim.outcome") " " text
            printf "  %7.3f  %-8s  %-9s  %6s  %10s  %s\n", member("interim.elapsed_ms") / 1000,
                member("http.request.method"), member("interim.event"),
                member("http.response.status_code"), member("interim.silence_ms"), text
        }' "$1"
    echo "  ($1 has all of it, one JSON object a line)"
}

heading "COPY, followed through 102 Processing"
copy by-102
heading "COPY, followed through 202 Accepted and its monitor"
copy by-202 --header "Prefer: respond-async"

heading "Summary$summary"
[ $failures -eq 0 ] || stop "$failures of 2 copies failed"
echo "Both ways worked. Built: $build/davcopy, $build/davorigin."
