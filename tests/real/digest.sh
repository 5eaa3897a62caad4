#!/bin/sh
# Apache's mod_auth_digest before mod_dav: COPY and MOVE by Digest, and what a wrong password comes
# to. What it says is compared with what lies on its disk.
set -u
. "$(dirname "$0")/peer.sh"

apache_is_there auth_digest
command -v md5sum >/dev/null || skip_all "there is no md5sum"
mkdir "$work/run" "$work/lock" "$work/www"
sample_tree "$work/www"
cp -R "$work/www" "$work/kept"
printf 'anna:the realm:%s\n' \
    "$(printf 'anna:the realm:open sesame' | md5sum | cut -d ' ' -f 1)" >"$work/run/users"
chown -R "$user:$group" "$work/lock" "$work/www" "$work/run/users"

attempts=0
until
    port=$(random_port)
    from_template digest.conf "$port" >"$work/apache.conf"
    peer_start "$work/run/apache.pid" "$server" -f "$work/apache.conf" -DFOREGROUND
do
    attempts=$((attempts + 1))
    [ $attempts -lt 10 ] || peer_failed apache
done
url=http://127.0.0.1:$port

# How many requests of a method ($1) it answered so ($2: status and name), once it has written that.
answered() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        grep -qF "$1 $2" "$work/run/access.log" && break
        sleep 0.1
    done
    grep -cF "$1 $2" "$work/run/access.log"
}

run_davcopy none "$url/file.bin" "$url/copy.bin"
check "without a password it is refused" ends_with 1
check "nothing was copied" test ! -e "$work/www/copy.bin"

run_davcopy wrong --user anna:wrong "$url/file.bin" "$url/copy.bin"
check "with a wrong password it is refused" ends_with 1
check "the password was tried once" test "$(events response)" -eq 2
check "nothing was copied" test ! -e "$work/www/copy.bin"

run_davcopy file --user "anna:open sesame" "$url/file.bin" "$url/copy.bin"
check "COPY by Digest ends with 0" ends_with 0
check "the copy equals the file" cmp "$work/kept/file.bin" "$work/www/copy.bin"
check "the log has the round" event_has sent interim.hop '"authentication"'
check "the log has the 401" event_has retry http.response.status_code 401
check "the log has the 201" event_has response http.response.status_code 201
check "the server knew who asked" test "$(answered COPY '201 [anna]')" -eq 1
check "no answer and no password is in the log" \
    test "$(grep -c -e 'open sesame' -e 'response=' -e 'nonce=' "$log")" -eq 0

run_davcopy tree --user "anna:open sesame" "$url/tree/" "$url/copy/"
check "COPY of a tree ends with 0" ends_with 0
check "the copy equals the tree" same_tree "$work/kept/tree" "$work/www/copy"

printf 'machine other.example login x password y\n# a comment\nmachine 127.0.0.1\n\tlogin anna password "open sesame"\n' \
    >"$work/netrc"
chmod 644 "$work/netrc"
run_davcopy netrc_open --netrc "$work/netrc" --move "$url/file.bin" "$url/moved.bin"
check "a .netrc that others may read is refused" ends_with 2
check "it is said why" grep -q 'chmod 600' "$work/davcopy.err"
chmod 600 "$work/netrc"
run_davcopy netrc --netrc "$work/netrc" --move "$url/file.bin" "$url/moved.bin"
check "MOVE with --netrc ends with 0" ends_with 0
check "it arrived" cmp "$work/kept/file.bin" "$work/www/moved.bin"
check "it is gone from where it was" test ! -e "$work/www/file.bin"
check "it was sent twice, and done once" test "$(answered MOVE '201 [anna]')" -eq 1 -a \
    "$(answered MOVE '401 [-]')" -eq 1
finish
