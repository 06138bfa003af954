# Not even the devices.
ip link set lo up
