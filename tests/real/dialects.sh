#!/bin/sh
# The dialects of 202 from end to end: tests/real/dialects.py speaks each as its published document
# has it, tests/real/await (the public API and nothing else) follows it over real sockets. In each case
# one request with an effect is seen, and no other origin sees credentials or fields of the caller's.
set -u
. "$(dirname "$0")/peer.sh"

command -v python3 >/dev/null 2>&1 || skip_all "python3 is not installed"
await=$BUILDDIR/tests/real/await
peer_start "$work/server.out" python3 "$SRCDIR/tests/real/dialects.py" "$work/requests" ||
    peer_failed python3
read -r here _ <"$work/server.out"

# follow NAME END METHOD PATH [OPTION ...]: asks, and checks how it ends ("done 200").
follow() {
    name=$1 end=$2 method=$3 path=$4
    shift 4
    : >"$work/requests.before"
    cp "$work/requests" "$work/requests.before"
    "$await" -u alice:wonderland -H 'Cookie: c' -H 'X-Own: o' "$@" "$method" "http://$here$path" \
        >"$work/said" 2>&1
    tail -n +$(($(wc -l <"$work/requests.before") + 1)) "$work/requests" >"$work/seen"
    if grep -q "^end $end" "$work/said"; then
        pass "$name: $end"
    else
        sed 's/^/    /' "$work/said" "$work/seen"
        fail "$name: $end"
    fi
    check "$name: one request that changes something" one_effect "$method"
    check "$name: no other origin sees a secret" no_secret
}

# GET is asked as often as it takes; any other method once.
one_effect() {
    [ "$1" = GET ] && wanted=0 || wanted=1
    [ "$(grep -cvE '^[a-z]+ (GET|HEAD) ' "$work/seen")" -eq $wanted ] && return 0
    sed 's/^/    /' "$work/seen"
    return 1
}

no_secret() {
    ! grep "^other " "$work/seen" | grep -v ' -$'
}

said() {
    grep -q "$1" "$work/said" && return 0
    sed 's/^/    /' "$work/said"
    return 1
}

seen() {
    [ "$(grep -c "$1" "$work/seen")" -eq "$2" ] && return 0
    sed 's/^/    /' "$work/seen"
    return 1
}

test_azure() {
    follow operation-location "done 200" POST /operation-location/ok
    check "its result was fetched" said "^body result$"
    check "the 202 is kept" said "^first 202$"
    follow operation-location-failed "failed 200" POST /operation-location/bad
    check "the reason has the error" said "^reason .*: The input is too small"
    follow operation-location-strict "accepted 202" POST /operation-location/strict -p strict
    follow azure-asyncoperation "done 200" PUT /azure-asyncoperation/ok
    check "the resource was fetched" said "^body the resource$"
    follow azure-asyncoperation-canceled "failed 200" PUT /azure-asyncoperation/bad
    follow location "done 200" DELETE /location/ok
    check "the monitor moved twice" seen "GET /location/ok/monitor" 3
    follow location-failed "failed 409" DELETE /location/bad
    check "its problem details are readable" said "^problem 409 Exists: it is there already$"
    check "the reason quotes them" said "^reason .*: Exists: it is there already$"
    follow fabric "done 200" POST /fabric/ok
    check "its result was fetched" said "^body result$"
    follow fabric-failed "failed 200" POST /fabric/bad
    check "the reason has the error" said "^reason .*: It is too small"
}

test_graph() {
    follow onedrive "done 202" COPY /onedrive/ok -H 'Prefer: respond-async'
    check "the other origin was asked three times" seen "^other GET" 3
    follow onedrive-failed "failed 200" COPY /onedrive/bad
    follow onedrive-rejected "accepted 202" COPY /onedrive/rejected -p reject
    check "the other origin was not asked" seen "^other" 0
    follow graph "done 200" POST /graph/ok
    check "its result was fetched" said "^body result$"
    follow graph-failed "failed 200" POST /graph/bad
}

test_redfish() {
    follow redfish "done 204" POST /redfish/ok
    check "the Task was asked once" seen "GET /redfish/ok/task" 1
    follow redfish-exception "failed 204" POST /redfish/bad
    check "the reason has the Task's message" said "^reason .*: The image is not signed"
}

test_odata_and_fhir() {
    follow odata "done 201" POST /odata/ok -p prefer-async -p embedded
    check "the embedded body is the result" said '^body {"id":7}$'
    follow odata-asyncresult "failed 200" POST /odata/bad -p prefer-async
    check "the reason has both statuses" said "^reason the monitor answered 200 for 412"
    follow fhir "done 200" GET /fhir/ok -p prefer-async
    check "the progress was seen" said "^poll 202 60%"
    follow fhir-failed "failed 422" GET /fhir/bad -p prefer-async
    follow fhir-not-asked "accepted 202" GET /fhir/plain
}

test_others() {
    follow ogc "done 200" POST /ogc/ok -p created -p prefer-async
    check "its results were fetched" said "^body results$"
    follow ogc-failed "failed 200" POST /ogc/bad -p created
    follow ogc-without-flag "done 201" POST /ogc/plain
    follow lazyops "done 200" MOVE /lazyops/ok -H 'OC-LazyOps: 1'
    follow lazyops-error "failed 200" MOVE /lazyops/bad -H 'OC-LazyOps: 1'
    check "the reason has the message" said "^reason .*: it is locked"
    follow lxd "done 200" POST /lxd/ok
    follow lxd-failed "failed 200" POST /lxd/bad
    follow too-early "done 200" PUT /too-early/ok
    follow too-early-gone "unknown 410 INTERIM_EPOLL_GONE" PUT /too-early/bad
}

test_flags() {
    follow progress "done 200" COPY /progress/ok -p interim -p prefer-processing
    check "progress came from interims" said "^interim 102 33%"
    follow progress-failed "failed 200" COPY /progress/bad -p interim
    follow progress-without-flag "unknown 102 INTERIM_EDISCONNECTED" COPY /progress/plain
    follow same-url "done 200" GET /same-url/ok -p same-url
    follow same-url-failed "failed 403" GET /same-url/bad -p same-url
    follow same-url-without-flag "accepted 202" GET /same-url/plain
    follow target "done 200" PUT /target/ok -p target
    check "the target was asked by HEAD" seen "HEAD /target/ok" 3
    follow target-failed "failed 200" PUT /target/bad -p target
    follow link "done 200" POST /link/ok -p link
    follow link-failed "failed 200" POST /link/bad -p link
    follow aip "done 200" POST /aip/ok -p link -p link=name -p judge
    follow aip-error "failed 200" POST /aip/bad -p link -p link=name -p judge
}

test_guards() {
    follow registry "accepted 202" POST /registry/ok
    check "its Location was not asked" seen "GET" 0
    follow couchdb "accepted 202" COPY /couchdb/ok -H "Destination: copy"
    check "its Location was not asked" seen "GET" 0
}

test_azure
test_graph
test_redfish
test_odata_and_fhir
test_others
test_flags
test_guards
finish
