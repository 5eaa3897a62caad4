#!/bin/sh
# Installs what the tests need, builds in build-tests/ (or $BUILD_DIR) and runs every test:
#
#     sh tests/run.sh
#
# Needs root or sudo only where a package is missing, and no terminal. CONFIGURE_FLAGS are given to
# configure. The last line is `N passed, N failed, N skipped`, counting single tests; the exit code
# is 0 when none failed.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD_DIR:-$top/build-tests}
case $build in /*) ;; *) build=$PWD/$build ;; esac
. "$top/tools/setup.sh"

stop() {
    echo "$1"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}

started=$(date +%s)
setup_install "$packages_to_build $packages_to_test" "$packages_of_peers" ||
    stop "The packages that the tests need are not there."
# shellcheck disable=SC2086 # a list of words
setup_build "$build" ${CONFIGURE_FLAGS:-} || stop "libinterim was not built."

echo "Tests: make check"
find "$build" -name '*.trs' -exec rm -f {} +
make -C "$build" -k -j"$(processors)" check >"$build/check.log" 2>&1 </dev/null
status=$?

# counts LOG RESULT: "passed failed skipped" of one test program. The last line of its log that
# counts is believed: Check's, or `N passed, N failed, N skipped`; other programs count as one test.
counts() {
    sed -n -e 's/^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\)$/check \1 \2 \3/p' \
        -e 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/plain \1 \2 \3/p' \
        -e 's/^[a-z0-9_.]*: \([0-9]*\) passed, \([0-9]*\) failed$/plain \1 \2 0/p' "$1" |
        awk -v result="$2" '
            { kind = $1; a = $2; b = $3; c = $4 }
            END {
                passed = failed = skipped = 0
                if (kind == "check") { passed = a - b - c; failed = b + c }
                else if (kind == "plain") { passed = a; failed = b; skipped = c }
                else if (result == "PASS") passed = 1
                else if (result == "SKIP") skipped = 1
                if (result != "PASS" && result != "SKIP" && failed == 0) failed = 1
                print passed, failed, skipped
            }'
}

passed=0 failed=0 skipped=0
find "$build" -name '*.trs' ! -path '*/libinterim-*' | LC_ALL=C sort >"$build/results"
while read -r trs; do
    name=${trs#"$build/"}
    name=${name%.trs}
    result=$(sed -n 's/^:test-result: *//p' "$trs" | head -n 1)
    # shellcheck disable=SC2046 # three numbers
    set -- $(counts "${trs%.trs}.log" "$result")
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
    printf '%-28s %4d passed, %d failed, %d skipped\n' "$name" "$1" "$2" "$3"
    if [ "$2" -gt 0 ]; then
        echo "---- the end of ${trs%.trs}.log:"
        tail -n 60 "${trs%.trs}.log"
        echo "----"
    elif [ "$3" -gt 0 ]; then
        grep -E '^(skipped:|[a-z0-9_.]*: skipped,) ' "${trs%.trs}.log" | sed 's/^/    /'
    fi
done <"$build/results"

if [ $status -ne 0 ] && [ $failed -eq 0 ]; then
    echo "make check failed before the tests ended:"
    show_end "$build/check.log"
    failed=1
elif [ $((passed + failed)) -eq 0 ]; then
    echo "No test ran."
    failed=1
fi
echo "In $(($(date +%s) - started)) seconds; logs are in $build."
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
