#!/bin/bash
# Cron job: if the first provider is gone, use the second.  Then come back.
PRIMARY=10.0.1.1
BACKUP=10.0.2.1
LOG=/dev/null

check_gateway() {
    ping -c 1 -W 1 "$1" >/dev/null 2>&1
}

current=$(route -n | awk '/^0.0.0.0/ {print $2}' | head -n 1)
echo "current gateway: $current"

if check_gateway $PRIMARY; then
    want=$PRIMARY
else
    want=$BACKUP
fi

if [ "$current" != "$want" ]; then
    echo "switching to $want"
    while route del default 2>>$LOG; do :; done
    if ! route add default gw "$want"; then
        echo "no way to $want" >&2
        exit 1
    fi
fi

now=`netstat -rn | grep '^0.0.0.0' | awk '{print $2}'`
dev=`route -n | awk '$1 == "0.0.0.0" {print $8}'`
echo "now: $now through $dev"
if route -n | grep -q '^0.0.0.0'; then
    echo "there is a default route"
fi
