# Several default routes, one without gateway, half-routes of a VPN, routes to nowhere.
ip link set lo up
ip link add eth0 type veth peer name eth1
ip addr add 10.3.4.2/22 brd + dev eth0
ip link set eth0 up
ip link set eth1 up
ip route add default via 10.3.4.1 metric 100
ip route add default dev eth1 metric 200
ip route add default via 10.3.4.9 dev eth0 metric 600
ip route add 0.0.0.0/1 via 10.3.4.5
ip route add 128.0.0.0/1 via 10.3.4.5
ip route add unreachable 10.21.0.0/16
ip route add 10.20.0.0/24 via 10.3.4.6
ip neigh add 192.168.4.1 lladdr 02:00:00:00:00:01 dev eth1
ip tuntap add dev tun0 mode tun
ip link add down0 type veth peer name eth10
sleep 2
ip route add unreachable default metric 700
ip route add blackhole default metric 800
