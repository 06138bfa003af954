#!/bin/bash
# Give the card the MAC address the cable company knows.
CARD=eth0
NEW=02:11:22:33:44:55
if [ "$(ifconfig $CARD | awk '/ether/{print $2}')" = "$NEW" ]; then
    echo "nothing to do"
    exit 0
fi
ifconfig $CARD down && ifconfig $CARD hw ether $NEW && ifconfig $CARD up || exit 1
ifconfig $CARD 10.40.0.2 netmask 255.255.0.0 -arp txqueuelen 500
ifconfig $CARD arp multicast -promisc
echo "now $(ifconfig $CARD | grep ether | awk '{print $2}')"
nameif wan0 02:00:00:00:0a:02 2>/dev/null
ifconfig wan0 10.41.0.1 netmask 255.255.255.0 mtu 1300 up
