#!/bin/bash
# What a small DHCP client calls, with the lease in variables: here a lease, then another one.
offer() {
    interface=$1 ip=$2 subnet=$3 broadcast=$4 router=$5
}

bound() {
    NETMASK=""
    BROADCAST=""
    [ -n "$broadcast" ] && BROADCAST="broadcast $broadcast"
    [ -n "$subnet" ] && NETMASK="netmask $subnet"
    /sbin/ifconfig $interface $ip $BROADCAST $NETMASK
    while route del default gw 0.0.0.0 dev $interface 2>/dev/null; do
        :
    done
    metric=0
    for i in $router; do
        route add default gw $i dev $interface metric $((metric++))
    done
    echo "$interface has $ip"
}

offer eth0 10.20.0.7 255.255.255.128 10.20.0.127 "10.20.0.1 10.20.0.2"
bound
offer eth1 10.30.0.9 255.255.0.0 "" 10.30.0.1
bound
