# Up without carrier, odd masks, secondary addresses, promiscuous, a large MTU.
ip link set lo up
ip link add eth0 mtu 1400 type veth peer name eth1
ip link set eth0 up promisc on
ip addr add 172.31.255.1/32 dev eth0
ip addr add 172.31.0.1/12 dev eth1
ip addr add 172.31.0.2/12 dev eth1
ip link set eth1 mtu 9000
ip tuntap add dev tun0 mode tun
ip link set tun0 up
ip link add down0 type veth peer name eth10
