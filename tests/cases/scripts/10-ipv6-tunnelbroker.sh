#!/bin/sh
# IPv6 by hand, and a second address for the old service.
ifconfig eth0 10.80.0.2 netmask 255.255.255.0 up
ifconfig eth0 inet6 add 2001:db8:80::2/64
ifconfig eth0 add 2001:db8:80::3/64
route -A inet6 add 2001:db8:90::/48 gw 2001:db8:80::1
route --inet6 add default gw 2001:db8:80::1 metric 7
ifconfig eth0 del 2001:db8:80::3/64
route -A inet6 del 2001:db8:90::/48 gw 2001:db8:80::1
ipmaddr add 33:33:00:00:00:42 dev eth0
ifconfig eth0 pointopoint 10.80.0.9 2>/dev/null; ifconfig eth0 broadcast 10.80.0.255
v6=$(ifconfig eth0 | awk '/inet6 2001/ {print $2}' | head -n1)
echo "v6: $v6"
