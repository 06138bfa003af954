#!/usr/bin/env bash
set -euo pipefail
N=${N:-3}
BR=br-lab
NET="10.9.0"
log() { echo "[$(date)] $*"; }
attach() {
    local ns=$1 number=$2
    ip netns add "$ns"
    ip link add "p$number" type veth peer name eth0 netns "$ns"
    ip link set dev p$number master $BR up
    ip -n "$ns" addr add "$NET.$((number + 10))/24" dev eth0
    ip -n "$ns" link set eth0 up
    ip -n "$ns" link set lo up
    ip -n "$ns" route add default via $NET.1
}
for i in $(seq 1 "$N"); do
    ip netns del "vm$i" 2>/dev/null || true
done
ip link show "$BR" >/dev/null 2>&1 || ip link add "$BR" type bridge
ip addr replace $NET.1/24 dev $BR
ip link set $BR up
for ((i = 1; i <= N; i++)); do
    log "attach vm$i"
    attach "vm$i" $i
done
for n in extra{1..2}; do ip netns add $n; done
if [ "$N" -gt 2 ]; then
    ip netns exec vm1 sysctl -q -w net.ipv4.ip_forward=1
else
    ip netns add never
fi
ip -batch - <<END
netns add batched
-n batched link set lo up
END
ip netns exec vm2 sh -c 'ip link add d0 type dummy && ip link set d0 name dum0'
