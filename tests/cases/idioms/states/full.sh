# Addresses of every kind, a default gateway, neighbours.
ip link set lo up
ip link add eth0 address 02:00:00:00:0a:01 type veth peer name eth1 address 02:00:00:00:0a:02
ip addr add 192.168.5.7/22 brd + dev eth0
ip addr add 10.9.9.9/24 brd + dev eth0 label eth0:1
ip addr add 10.9.8.9/25 brd + dev eth1
ip addr add fd00::5/64 dev eth0 nodad
ip link add down0 address 02:00:00:00:0a:03 type veth peer name eth10
ip link set eth0 up
ip link set eth1 up
ip tuntap add dev tun0 mode tun
ip addr add 10.1.1.1 peer 10.1.1.2/32 dev tun0
ip route add default via 192.168.4.1 metric 5
ip route add 10.20.0.0/16 via 192.168.4.2
ip route add 10.22.0.9 via 192.168.4.3
ip neigh add 192.168.4.1 lladdr 02:00:00:00:00:01 dev eth0
ip neigh add 192.168.4.77 lladdr 02:00:00:00:00:4d dev eth0
sleep 2
timeout 20 busybox nc -l -p 8080 </dev/null >/dev/null 2>&1 &
