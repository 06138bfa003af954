#!/bin/sh
# What DHCP clients of old do before they set a default gateway, device by device.
for i in eth0; do
    while route del default gw 0.0.0.0 dev $i 2>/dev/null; do
        :
    done
done
DEV=eth1
while route del default dev $DEV 2>/dev/null; do true; done
if netstat -rn | grep -q '^0.0.0.0'; then
    echo "a default route is left"
else
    route add default gw 10.0.1.1 dev eth0
fi
route -n | grep UG | awk '{print $2}'
