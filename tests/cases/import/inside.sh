N=ns1
ip netns add $N
ip link add v0 type veth peer name v1 netns $N
sudo ip netns exec $N bash -e <<EOF
ip link set lo up
ifconfig v1 10.1.1.1/24 up
ip route add default via 10.1.1.2
EOF
ip netns exec ns1 sh -ec 'for i in 1 2; do ip addr add 10.2.$i.1/24 dev v1; done'
ip netns exec ns1 bash
ip netns exec ns1 iptables -A INPUT -j DROP
ip netns exec ns1 ping -c 1 10.1.1.2
ip netns exec ns1 ./serve
