# shellcheck shell=sh
# report.sh - how a shell test of this tree counts and ends; sourced, not run.
#
#     . "$(dirname "$0")/report.sh"
#     check "what is claimed" command argument ...     runs it: passed when it succeeds
#     pass TEXT / fail TEXT / skip TEXT                one test each
#     skip_all TEXT                                    ends the script: nothing could be tested
#     finish                                           prints the counts and exits 0 or 1
#
# The last line is `N passed, N failed, N skipped`; tests/run.sh adds these up.

passed=0
failed=0
skipped=0

pass() {
    passed=$((passed + 1))
    echo "ok: $*"
}

fail() {
    failed=$((failed + 1))
    echo "FAILED: $*"
}

skip() {
    skipped=$((skipped + 1))
    echo "skipped: $*"
}

check() {
    claim=$1
    shift
    if "$@"; then pass "$claim"; else fail "$claim"; fi
}

skip_all() {
    echo "skipped: $*"
    echo "0 passed, 0 failed, 1 skipped"
    exit 77
}

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] || exit 1
    exit 0
}
