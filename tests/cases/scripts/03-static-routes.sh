#!/bin/sh
# /etc/sysconfig/static-routes in one file.
ADDROUTE="route add"
GW1=192.168.1.253
GW2=192.168.1.254
ifconfig eth0 192.168.1.2 netmask 255.255.255.0

add() {
    # $1 network, $2 netmask, $3 gateway
    route add -net "$1" netmask "$2" gw "$3" || echo "could not add $1"
}

add 10.1.0.0 255.255.0.0 $GW1
add 10.2.0.0 255.255.0.0 $GW2
add 10.3.3.0 255.255.255.128 $GW2
route add -host 10.9.9.9 gw $GW1
route add -net 172.16.0.0/12 gw $GW2 metric 5
route add -net 192.168.77.0 netmask 255.255.255.0 dev eth0
route add -net 10.66.0.0 netmask 255.255.0.0 reject
route add default gw $GW1
route add -net 10.4.0.0 netmask 255.255.0.0 gw $GW1 mss 1400 window 8192 2>/dev/null
route del -net 10.2.0.0 netmask 255.255.0.0 gw $GW2
route del -host 10.9.9.8 2>/dev/null || echo "10.9.9.8 was not there"
