#!/bin/bash
# The lab host (deploy/rack/host): it stands apart from this machine, its process 1 reaps, and after `down` there is no
# process, namespace, link or route left of it, also when something inside refuses to end.
set -euo pipefail
shopt -s inherit_errexit
host=$TERCET_SOURCE/deploy/rack/host
export TERCET_LAB=t$((RANDOM % 9000 + 1000)) TERCET_RACK=198.19.$((RANDOM % 200 + 20))
trap '"$host" clear' EXIT

fail() {
    echo "host_namespaces: $*" >&2
    exit 1
}

outside() { # what of the machine a lab could change
    ip -o link | sed 's/.*: \([^:@]*\)[:@].*/\1/' | grep -v '^t-' | sort
    ip -4 route show table all | sort
    ip netns list | sort
    nft list tables 2>/dev/null
    cat /proc/sys/net/ipv4/ip_forward
}

count_zombies() {
    "$host" exec one ps -e -o stat= | grep -c '^Z' || true
}

ours() { # processes of this lab, by its state directory in their command lines
    grep -lsF "$TERCET_STATE/lab-init" /proc/[0-9]*/cmdline || true
}

before=$(outside)
"$host" up one "$TERCET_RACK.11"
"$host" up two "$TERCET_RACK.12"
"$host" exec two ping -q -c 1 -W 2 "$TERCET_RACK.11" >/dev/null || fail "hosts do not see each other"
ping -q -c 1 -W 2 "$TERCET_RACK.11" >/dev/null || fail "this machine does not see the host"
[ "$("$host" exec one virsh -q -c qemu:///system capabilities | grep -o '<uuid>.*</uuid>')" != \
    "$("$host" exec two virsh -q -c qemu:///system capabilities | grep -o '<uuid>.*</uuid>')" ] || fail "two hosts with one UUID"
[ "$("$host" exec one ls /run/netns 2>/dev/null | wc -l)" = 0 ] || fail "a host sees this machine's namespaces"

# An orphan that ends is reaped by the host's own process 1.
"$host" exec one sh -c '(sh -c "exit 0" &) ; true'
for _ in 1 2 3; do zombies=$(count_zombies); done
[ "$zombies" = 0 ] || fail "$zombies zombies"

# In the background: it has a pid here, goes when it is told to, and one that will not go ends with its host.
"$host" start one worker tail -f /dev/null
pid=$("$host" pid one worker)
[ "$(cat "/proc/$pid/comm")" = tail ] || fail "pid $pid is not the worker"
"$host" kill one worker
timeout 5 tail --pid="$pid" -s 0.1 -f /dev/null || fail "the worker did not end"
! "$host" pid one worker || fail "the worker is said to live"
"$host" start one stubborn sh -c 'trap "" TERM; while :; do read -r _ </dev/zero; done'
"$host" down one
[ "$("$host" status | wc -l)" = 1 ] || fail "one host was to be left: $("$host" status)"
"$host" clear
[ -z "$(ours)" ] || fail "left: $(ours)"
[ "$(outside)" = "$before" ] || fail "this machine differs: $(diff <(echo "$before") <(outside))"
echo fine
