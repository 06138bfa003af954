#!/bin/sh -e
# A bridge for virtual machines: eth0's address moves to br0, taps are its ports.
BR=br0
DEV=eth0
brctl addbr $BR
brctl stp $BR off
brctl setfd $BR 0
ifconfig $DEV 0.0.0.0 promisc up
brctl addif $BR $DEV
ifconfig br0 192.168.122.1 netmask 255.255.255.0 up
for vm in 1 2 3; do
    tunctl -u root -t tap$vm >/dev/null
    ifconfig tap$vm hw ether 02:00:00:00:77:0$vm
    ifconfig tap$vm 0.0.0.0 promisc up
    brctl addif br0 tap$vm
done
brctl setpathcost br0 tap2 50
brctl delif br0 tap3
route add -net 10.200.0.0/16 gw 192.168.122.254
echo "bridge is up"
