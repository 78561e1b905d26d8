#!/bin/sh
# Takes out of a root tree what belongs to one machine, or to the one that has built it: seal.sh ROOT. ROOT is / in a
# chroot. Tells what it changes, one path a line.
set -eu

root=${1%/}
cd "${root:-/}"
# Only the card role puts this file anywhere; and / itself is sealed from inside a chroot only.
[ -f etc/systemd/system-preset/00-tonearm.preset ] || { echo "seal.sh: ${root:-/} is no card" >&2; exit 1; }
[ -n "$root" ] || ischroot || { echo "seal.sh: this is a machine that lives" >&2; exit 1; }

# empty FOLDER…: nothing stays in it, not even what begins with a dot.
empty() {
    for folder; do
        [ ! -d "$folder" ] || find "$folder" -mindepth 1 -print -delete
    done
}

# forget PATH…: it is not there.
forget() {
    for path; do
        if [ -e "$path" ] || [ -L "$path" ]; then
            echo "$path"
            rm -rf -- "$path"
        fi
    done
}

# say FILE TEXT: that is all it says.
say() {
    [ ! -L "$1" ] && [ -f "$1" ] && [ "$(cat "$1")" = "$2" ] && return 0
    echo "$1"
    rm -f -- "$1"
    echo "$2" >"$1"
    chmod 644 "$1"
}

# Identity. "uninitialized", not empty: that is how systemd knows a first boot.
say etc/machine-id uninitialized
forget etc/ssh/ssh_host_* var/lib/dbus/machine-id var/lib/systemd/random-seed var/lib/systemd/credential.secret
# Debian makes a certificate as a package is installed: a private key that every card would share. Nothing uses it.
forget etc/ssl/private/ssl-cert-snakeoil.key etc/ssl/certs/ssl-cert-snakeoil.pem
forget etc/machine-info root/.ssh var/lib/NetworkManager/*
say etc/hostname tonearm
say etc/hosts "127.0.0.1 localhost
127.0.1.1 tonearm
::1 localhost ip6-localhost ip6-loopback"

# What was written on the way: logs, caches, lists, and the copies that Debian's tools keep of what they change.
find var/log -type f -print -delete
empty var/cache/apt var/lib/apt/lists var/backups var/tmp tmp root/.cache root/.ansible var/cache/ldconfig
forget root/.bash_history root/.python_history root/.wget-hsts
forget etc/passwd- etc/group- etc/shadow- etc/gshadow- etc/subuid- etc/subgid-
forget var/lib/dpkg/*-old var/cache/debconf/*-old
forget etc/apt/apt.conf.d/99mmdebstrap etc/apt/apt.conf.d/*proxy*

# What the card's dpkg leaves out from now on, and may have unpacked before it knew.
forget usr/lib/*/libLLVM* usr/lib/*/libz3.so* usr/lib/postgresql/*/lib/llvmjit* usr/lib/postgresql/*/lib/bitcode
empty usr/share/man usr/share/info usr/share/locale
find usr/share/doc ! -type d ! -name copyright -print -delete
find usr/share/doc -mindepth 1 -type d -empty -print -delete

# All caches of the system (libraries, hardware) are as its packages left them: the first boot need not make them anew.
[ -n "$root" ] || /usr/lib/systemd/systemd-update-done
