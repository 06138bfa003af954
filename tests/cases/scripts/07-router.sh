#!/bin/sh
# Start and stop of a home router between eth0 (outside) and eth1 (inside).
OUT=eth0
IN=eth1

start() {
    ifconfig $OUT 203.0.113.2 netmask 255.255.255.252 broadcast 203.0.113.3 up
    ifconfig $IN 192.168.0.1 netmask 255.255.255.0 broadcast 192.168.0.255 up
    route add default gw 203.0.113.1 dev $OUT
    arp -s 192.168.0.10 02:aa:00:00:00:10
    arp -i $IN -s 192.168.0.11 02:aa:00:00:00:11
    echo 1 > /proc/sys/net/ipv4/ip_forward
}

stop() {
    route del default gw 203.0.113.1
    arp -d 192.168.0.11
    ifconfig $IN down
    ifconfig $OUT 0.0.0.0
    ifconfig $OUT down
}

case "${1:-restart}" in
    start) start ;;
    stop) stop ;;
    restart)
        start
        stop
        start
        ;;
esac
