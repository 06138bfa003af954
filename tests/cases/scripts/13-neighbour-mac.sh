#!/bin/sh
# A second card's address is the first one's with another end, behind sudo where one is not root.
SUDO=
[ "$(id -u)" = 0 ] || SUDO="sudo -n"
MAC=$(ifconfig eth0 | awk '/ether/{print $2}')
$SUDO ifconfig eth1 hw ether "${MAC%:*}:77" up
$SUDO ifconfig eth0 192.168.7.1 netmask 255.255.255.0
$SUDO route add -net 172.20.0.0 netmask 255.255.0.0 gw 192.168.7.2
GW=$(route -n | awk '$4 == "UG" {print $2}')
$SUDO route add -host 10.99.0.1 gw "$GW"
arp -i eth0 -s 192.168.7.9 "${MAC%:*}:99"
ifconfig eth1 | awk '/ether/{print $2}'
