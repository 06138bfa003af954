#!/bin/sh
# rc.inet1: bring the cards of a small server up, in the style of 1998.
PATH=/sbin:/usr/sbin:/bin:/usr/bin

HOSTNAME="gate"
IPADDR="192.168.10.1"
NETMASK="255.255.255.0"
NETWORK="192.168.10.0"
BROADCAST="192.168.10.255"
GATEWAY="192.168.10.254"

# Loopback first.
/sbin/ifconfig lo 127.0.0.1
/sbin/route add -net 127.0.0.0 netmask 255.0.0.0 lo

if [ -n "$IPADDR" ]; then
    echo "Configuring eth0 as ${IPADDR}"
    /sbin/ifconfig eth0 ${IPADDR} broadcast ${BROADCAST} netmask ${NETMASK} up
fi
ifconfig eth1 10.20.30.1 netmask 255.255.254.0 mtu 1400 up	# the lab

if [ -n "$GATEWAY" ]; then
    /sbin/route add default gw ${GATEWAY} netmask 0.0.0.0 metric 1
fi
route add -net 10.99.0.0 netmask 255.255.0.0 gw 10.20.30.254
echo "network of $HOSTNAME done"
