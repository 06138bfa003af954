#!/bin/sh
# 舊式命令
ip netns del left 2>/dev/null
ifconfig br0 down 2>/dev/null
brctl delbr br0 2>/dev/null
for n in left right; do
    ip netns add $n
done
# a bridge, the old way
brctl addbr br0
brctl stp br0 off
ifconfig br0 10.5.0.1 netmask 255.255.255.0 up
i=1
for n in left right; do
    i=$((i + 1))
    ip link add p-$n type veth peer name eth0
    ip link set eth0 netns $n
    brctl addif br0 p-$n
    ifconfig p-$n 0.0.0.0 up
    ip netns exec $n ifconfig lo 127.0.0.1 up
    ip netns exec $n /sbin/ifconfig eth0 10.5.0.$i netmask 255.255.255.0 up
    ip netns exec $n route add default gw 10.5.0.1
done
ip netns exec left ifconfig eth0 mtu 1400
ip netns exec left ifconfig eth0 add fd00::2/64
tunctl -t tap0
vconfig add p-left 5
ifconfig eth9 1.2.3.4
ip netns exec left arp -s 10.5.0.3 02:00:00:00:00:03
ifconfig -a
ip netns exec left route -n
echo 1 > /proc/sys/net/ipv4/ip_forward
iwconfig wlan0 essid foo
