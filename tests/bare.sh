#!/bin/sh
# The two commands of README.md on a bare Debian: makes a chroot that has a shell, apt and little else
# (debootstrap --variant=minbase), puts a clean clone of this tree into it, and runs there
#
#     sh tools/demo.sh
#     sh tests/run.sh
#
# without a terminal. Not part of `make check`: it needs root, debootstrap and a Debian mirror.
#
#     sh tests/bare.sh [--worktree] [COMMAND]
#
# --worktree takes the files as they are now, committed or not, instead of the last commit; COMMAND is
# run instead of the two. From the environment:
#     SUITE      bookworm
#     MIRROR     where packages come from; else the first http mirror of this system's apt, else
#                http://deb.debian.org/debian
#     BASE       a tar file of the bare system, made when it is not there and used when it is:
#                /var/tmp/bare-SUITE.tar
#     KEEP       yes: leave the chroot and say where it is
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
suite=${SUITE:-bookworm}
base=${BASE:-/var/tmp/bare-$suite.tar}
worktree=no
if [ "${1:-}" = --worktree ]; then
    worktree=yes
    shift
fi

stop() {
    echo "bare: $1" >&2
    exit 1
}

[ "$(id -u)" -eq 0 ] || stop "only root can make a chroot"
PATH=$PATH:/usr/sbin:/sbin

mirror_of_system() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
        2>/dev/null | grep -E '^(deb |URIs:)' | grep -oE 'http://[^ ]*/debian/?( |$)' | head -n 1 |
        tr -d ' '
}
mirror=${MIRROR:-$(mirror_of_system)}
mirror=${mirror:-http://deb.debian.org/debian}

root=$(mktemp -d /var/tmp/bare.XXXXXX) || exit 1
cleanup() {
    umount "$root/dev/shm" "$root/dev/pts" "$root/proc" 2>/dev/null
    if [ "${KEEP:-}" = yes ]; then
        echo "bare: the chroot is $root"
    else
        rm -rf --one-file-system "$root"
    fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

if [ ! -s "$base" ]; then
    command -v debootstrap >/dev/null 2>&1 || stop "debootstrap is not installed"
    echo "bare: debootstrap --variant=minbase $suite from $mirror"
    mkdir "$root/new"
    debootstrap --variant=minbase "$suite" "$root/new" "$mirror" >"$root/debootstrap.log" 2>&1 || {
        tail -n 20 "$root/debootstrap.log"
        stop "debootstrap failed"
    }
    rm -f "$root"/new/var/cache/apt/archives/*.deb
    tar -C "$root/new" -cf "$base.part" . && mv "$base.part" "$base" || stop "$base was not written"
    rm -rf --one-file-system "$root/new" "$root/debootstrap.log"
fi
tar -C "$root" -xf "$base" || stop "$base cannot be unpacked"

# What the machine needs to reach its mirror holds in the chroot too.
cp /etc/resolv.conf "$root/etc/resolv.conf"
echo "deb $mirror $suite main" >"$root/etc/apt/sources.list"
apt-config dump 2>/dev/null | grep -E '^Acquire::(http|https)::Proxy|^Acquire::Check-' \
    >"$root/etc/apt/apt.conf.d/90bare"
mount -t proc proc "$root/proc" 2>/dev/null || echo "bare: without /proc"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts" 2>/dev/null || echo "bare: without /dev/pts"
[ -e "$root/dev/pts/ptmx" ] && ln -sf pts/ptmx "$root/dev/ptmx"

mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" 2>/dev/null || echo "bare: without /dev/shm" # squid's

if [ $worktree = yes ]; then
    mkdir "$root/root/libinterim"
    (cd "$top" && git ls-files --cached --others --exclude-standard |
        while IFS= read -r file; do if [ -e "$file" ]; then echo "$file"; fi; done |
        tar -cf - -T -) | tar -C "$root/root/libinterim" -xf - || stop "the tree was not copied"
else
    git clone -q --no-hardlinks "$top" "$root/root/libinterim" || stop "the clone failed"
fi

echo "bare: $(chroot "$root" dpkg-query -W -f '.\n' | wc -l) packages in $(cat "$root/etc/debian_version")"
failures=0
in_chroot() {
    echo "bare: ---- $1"
    before=$(date +%s)
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        ${http_proxy:+http_proxy="$http_proxy"} \
        chroot "$root" sh -c "cd /root/libinterim && $1" </dev/null 2>&1
    status=$?
    echo "bare: ---- $1: exit code $status after $(($(date +%s) - before)) seconds"
    [ $status -eq 0 ] || failures=$((failures + 1))
}

if [ $# -gt 0 ]; then
    in_chroot "$*"
else
    in_chroot "sh tools/demo.sh"
    in_chroot "sh tests/run.sh"
fi
[ $failures -eq 0 ]
