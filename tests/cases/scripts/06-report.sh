#!/bin/sh
# Addresses of this machine, for the inventory.
echo "host: inventory"
IPADDR=$(ifconfig eth0 | grep 'inet ' | awk '{print $2}')
MASK=$(ifconfig eth0 | awk '/netmask/ {print $4}')
BCAST=`ifconfig eth0 | grep broadcast | awk '{print $6}'`
MAC=$(ifconfig eth0 | grep -o 'ether [0-9a-f:]*' | cut -d' ' -f2)
MTU=$(ifconfig eth0 | sed -n 's/.*mtu \([0-9]*\).*/\1/p')
echo "eth0: $IPADDR/$MASK ($BCAST) $MAC mtu $MTU"

for nic in $(ifconfig -a | grep '^[a-z]' | cut -d: -f1 | sort -u); do
    addr=`ifconfig $nic | grep 'inet ' | awk '{print $2}'`
    if ifconfig $nic | grep -q RUNNING; then
        state=running
    else
        state=stopped
    fi
    echo "$nic: ${addr:-none}, $state"
done

echo "all: $(ifconfig | grep 'inet ' | grep -v 127.0.0.1 | awk '{print $2}' | tr '\n' ' ')"
echo "gateway: $(route -n | grep UG | awk '{print $2}' | head -1)"
if ifconfig eth9 >/dev/null 2>&1; then
    echo "eth9 is there"
else
    echo "no eth9"
fi
