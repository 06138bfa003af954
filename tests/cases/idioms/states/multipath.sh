# A default route over two gateways, an unreachable default behind it.
ip link set lo up
ip link add eth0 type veth peer name eth1
ip addr add 10.3.4.2/24 brd + dev eth0
ip addr add 10.3.5.2/24 brd + dev eth1
ip link set eth0 up
ip link set eth1 up
ip route add default nexthop via 10.3.4.1 dev eth0 nexthop via 10.3.5.1 dev eth1
ip tuntap add dev tun0 mode tun
ip link add down0 type veth peer name eth10
sleep 2
