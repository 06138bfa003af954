# Nothing but the devices; no address, no route, lo down.
ip link add eth0 address 02:00:00:00:0a:01 type veth peer name eth1 address 02:00:00:00:0a:02
ip link add down0 type veth peer name eth10
ip tuntap add dev tun0 mode tun
