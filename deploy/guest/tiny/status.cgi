#!/bin/sh
# GET /cgi-bin/status: what a test asks a guest over the network.
printf 'Content-Type: text/plain\r\n\r\n'
printf 'instance=%s\nbeat=%s\nboots=%s\nremote=%s\n' "$(cat /run/instance-id)" "$(cat /run/beat)" "$(cat /data/boots)" "$REMOTE_ADDR"
