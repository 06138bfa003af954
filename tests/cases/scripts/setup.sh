# What both twins begin with.
ip link set lo up
ip link add eth0 address 02:00:00:00:0a:01 type veth peer name peer0 address 02:00:00:00:0b:01
ip link add eth1 address 02:00:00:00:0a:02 type veth peer name peer1 address 02:00:00:00:0b:02
ip link set peer0 up
ip link set peer1 up
