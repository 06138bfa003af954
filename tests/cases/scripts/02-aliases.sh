#!/bin/sh
# One address for each customer's web server on eth0.
NETMASK=255.255.255.0
ifconfig eth0 192.168.5.1 netmask $NETMASK up
for i in 10 11 12 13; do
    ifconfig eth0:$i 192.168.5.$i netmask $NETMASK up
    echo "alias eth0:$i"
done
# Customer 11 left us.
ifconfig eth0:11 down
# 13 moved.
ifconfig eth0:13 192.168.5.113 netmask $NETMASK
ifconfig eth0:99 10.0.0.99 netmask 255.0.0.0 broadcast 10.255.255.255
