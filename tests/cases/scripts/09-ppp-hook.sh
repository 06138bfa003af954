#!/bin/sh
# A hook that gets what it needs as arguments: device, address, netmask, gateway.
set -- eth0 10.50.1.2 255.255.255.0 10.50.1.1
DEV="$1"
ADDR="$2"
/sbin/ifconfig "$1" "$2" netmask "$3"
/sbin/route add default gw $4 "$1" || echo "no default route"
/sbin/route add -host 10.60.0.1 gw "$4" dev $DEV
metric=10
for net in 10.70.0.0 10.71.0.0; do
    route add -net $net netmask 255.255.0.0 gw $4 metric $((metric = metric + 1))
done
# The old kernel made one of these by itself.
route del -net 10.71.0.0 netmask 255.255.0.0 >/dev/null 2>&1 || exit 1
echo "$DEV has $ADDR"
