#!/bin/bash
# deploy/lab as its user types it: up with two zones, a host added, a power cut, a pulled cable, two labs side by side, and
# after down there is no process, namespace, link or route of them.
set -euo pipefail
shopt -s inherit_errexit
lab=$TERCET_SOURCE/deploy/lab
one=l$((RANDOM % 9000 + 1000)) two=m$((RANDOM % 9000 + 1000))
one_state=$TERCET_STATE two_state=$TERCET_STATE.two
one() { TERCET_LAB=$one TERCET_STATE=$one_state "$lab" "$@"; }
two() { TERCET_LAB=$two TERCET_STATE=$two_state "$lab" "$@"; }
trap 'one down; two down' EXIT

fail() {
    echo "lab_command: $*" >&2
    exit 1
}

ours() { # what of this machine is theirs; other labs may come and go meanwhile
    (ip -br link && ip -br address && ip -4 route show table all && ip netns list) | grep -E "tercet-($one|$two)" || true
    grep -lsF -e "$one_state/" -e "$two_state/" /proc/[0-9]*/cmdline || true
}

hosts() { # "h1 locala up" for each, as the cloud sees it; one that is not up is away
    "$TERCET_BUILD/tercet" host list -o json | jq -r '.[] | "\(.hostId) \(.availabilityZone) \(if .state == "up" then .state else "away" end)"' | sort | paste -sd,
}

until_hosts() { # until_hosts TEXT
    local end=$((SECONDS + 60))
    until [ "$(hosts)" = "$1" ]; do
        [ $SECONDS -lt $end ] || fail "the cloud sees '$(hosts)' instead of '$1'"
    done
}

refuses() { # refuses TEXT COMMAND...
    local text=$1 said
    shift
    ! said=$("$@" 2>&1) || fail "$*: done"
    [[ $said == *"$text"*try:* ]] || fail "$*: it says '$said'"
}

one down && two down # what a killed run of this test has left
refuses "there is no lab '$one'" one status
refuses "no number of hosts" one up --hosts many
refuses "no number of clusters" one up --clusters 3
one up --hosts 2 --clusters 2
variables=$(one env)
eval "$variables"
[ "$ZONES" = "locala localb" ] || fail "zones '$ZONES'"
[ "$(hosts)" = "h1 locala up,h2 localb up" ] || fail "the cloud sees '$(hosts)'"
[ "$(one shell h2 -- hostname)" = "$one-h2" ] || fail "shell does not lead to h2"
refuses "no host 'h7'" one shell h7 true
refuses "which is for good" one up --clusters 1
refuses "not taken" one up --hosts 1

# The same name from another place would be the same namespaces.
refuses "not of $two_state" env TERCET_LAB="$one" TERCET_STATE="$two_state" "$lab" up --hosts 1
rm -r "$two_state"
[ "$(two up --hosts 1 | tail -n 1 | cut -d']' -f2)" = " up: 1 host in 1 zone" ] || fail "no second lab"
one status || fail "the first lab is not up beside the second"
two down

# Another boot, the same disk.
boot=$(one shell h2 cat /proc/sys/kernel/random/boot_id)
one shell h2 sh -c 'setsid tail -f /dev/null >/dev/null 2>&1 & echo kept >/var/lib/libvirt/witness'
one kill h2
refuses "not all of it is up" one status
until_hosts "h1 locala up,h2 localb away"
[ "$(ip netns list | grep -c "tercet-$one-h")" = 1 ] || fail "the namespace of h2 is left"
one up --hosts 3
until_hosts "h1 locala up,h2 localb up,h3 locala up"
[ "$(one shell h2 cat /var/lib/libvirt/witness)" = kept ] || fail "h2 has lost its disk"
[ "$(one shell h2 cat /proc/sys/kernel/random/boot_id)" != "$boot" ] || fail "h2 says that it has never been off"
! one shell h2 pgrep -x tail || fail "a process has outlived the power cut"

one cut h3
refuses "not all of it is up" one status
until_hosts "h1 locala up,h2 localb up,h3 locala away"
one heal h3
until_hosts "h1 locala up,h2 localb up,h3 locala up"
one status
one down
[ -z "$(ours)" ] || fail "left: $(ours)"
refuses "there is no lab" one status
echo fine
