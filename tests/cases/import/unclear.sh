#!/bin/sh
IFACE=$(ip route | awk '/default/ {print $5}')
ip netns add a
ip link add link "$IFACE" name m0 type macvlan mode bridge
ip link set eth0 up
if [ -e /etc/lab ]; then
    ip netns add b
fi
if [ -e /etc/quiet ]; then echo quiet; fi
while read -r name; do
    ip netns add "$name"
done < names
iptables -t nat -A POSTROUTING -j MASQUERADE
ip rule add from 10.0.0.0/8 lookup 100
ip link set a frob
ip -n a addr add 10.0.0.1/24 dev nowhere
ping -c 1 10.0.0.1 || ip netns del a
