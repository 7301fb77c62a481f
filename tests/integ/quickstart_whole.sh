#!/bin/bash
# The README's first command as a stranger types it: up, env, status, a login, up again, down; and nothing is left. All of
# it in a network and mount namespace of its own, so that a quickstart of whoever runs the tests keeps its routes.
set -euo pipefail
shopt -s inherit_errexit
if [ "${1:-}" != inside ]; then
    exec unshare --net --mount --propagation private "$0" inside
fi
ip link set lo up
mkdir -p /run/netns
mount -t tmpfs none /run/netns
quickstart=$TERCET_SOURCE/deploy/quickstart
lab=q$((RANDOM % 9000 + 1000))
trap '"$quickstart" down' EXIT

fail() {
    echo "quickstart_whole: $*" >&2
    exit 1
}

around() { # what of this machine it could change
    ip -br link | sed 's/@.*\| .*//' | sort
    ip -4 route show table all | sort
    ip rule
    ip netns list
    nft list ruleset
    cat /proc/sys/net/ipv4/ip_forward
}

ours() { # processes that speak of its folder
    grep -lsF "$TERCET_STATE/" /proc/[0-9]*/cmdline || true
}

"$quickstart" down # what a killed run of this test has left
before=$(around)
! "$quickstart" status 2>/dev/null || fail "it is up before it was started"
TERCET_LAB=$lab TERCET_RACK=198.19.250 TERCET_PORT=$((31000 + RANDOM % 1000)) "$quickstart"
# From here on it knows by itself which lab, network and ports are its own.
"$quickstart" status || fail "it is not up"
variables=$("$quickstart" env)
eval "$variables"
for name in EC2_URL S3_URL STS_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION ZONE IMAGE_ID INSTANCE_TYPE; do
    [ -n "${!name:-}" ] || fail "env gives no $name"
done
[ "$(/usr/bin/aws --endpoint-url "$EC2_URL" ec2 describe-images --query 'Images[].ImageId' --output text)" = "$IMAGE_ID" ] ||
    fail "aws does not see the image"
export TERCET_IDENTITY=$TERCET_STATE/key HOME=$TERCET_STATE
[ "$("$TERCET_BUILD/tercet" instance ssh first -- cat /data/boots)" = 1 ] || fail "no login"
begin=$SECONDS
"$quickstart" || fail "up a second time"
[ $((SECONDS - begin)) -lt 30 ] || fail "up took $((SECONDS - begin)) s when it was up already"
"$quickstart" down
[ "$(around)" = "$before" ] || fail "this machine differs: $(diff <(echo "$before") <(around))"
[ -z "$(ours)" ] || fail "left: $(ours)"
! "$quickstart" status 2>/dev/null || fail "it is up after down"
echo fine
