#!/bin/sh
# Lab nat, written by `iplab script nat.yaml` (commands in style direct).
# Needs iproute2, sysctl (procps), nft (nftables), ping for `check`, root, and a POSIX shell; iplab itself is not needed.
#
#   nat.sh up      run the commands below; if one fails, or at Ctrl-C, take away what was made
#   nat.sh down    take away what `up` made, and nothing else
#   nat.sh check   compare the machine with the lab, and ping
#
# `check` looks at addresses, up and down, mtu, ports, routes, settings and masquerading; not at the
# kind and MAC of a device, at rate, delay and loss, or at what is there besides.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

# The number of the last command begun, kept until `down`; /run is empty after a reboot.
state=/run/iplab-script-nat
stopped=0

# record NUMBER: keep it, at once or not at all.
record() {
    printf '%s\n' "$1" >"$state:new" && mv -f "$state:new" "$state"
}

# step NUMBER COMMAND...: run one command of `up`.
step() {
    number=$1
    shift
    printf '+ %s\n' "$*"
    record "$number" || exit 1
    "$@" || not_done "$?"
    [ "$stopped" -eq 0 ] || exit "$stopped"
}

# not_done CODE: the command failed; what it was to make may be there, as somebody else's.
not_done() {
    case $1 in
    129 | 130 | 137 | 143) ;; # a signal ended it: it may have done its work before
    *) record "$((number - 1))" || exit 1 ;;
    esac
    [ "$stopped" -eq 0 ] || exit "$stopped"
    printf 'command %s failed; ' "$number" >&2
    exit 1
}

# unfinished: `up` ends before it is done.
unfinished() {
    code=$?
    trap '' HUP INT TERM
    echo "taking away what was made" >&2
    take_away
    exit "$code"
}

# begun NUMBER: whether that command of `up` was begun.
begun() {
    [ "$last" -ge "$1" ]
}

# namespace NAME, device NAME, …: whether the host has it.  (A device is not looked for in /sys,
# which may show another namespace's.)
namespace() {
    [ -e "/run/netns/$1" ]
}

# undo COMMAND...: run it, and remember if it fails.
undo() {
    printf '+ %s\n' "$*"
    "$@" || failed=1
}

up() {
    if [ -e "$state" ]; then
        echo "nat is up already (or was not taken down whole): nat.sh down" >&2
        exit 1
    fi
    rm -f "$state":*
    record 0 || exit 1
    trap unfinished EXIT
    trap 'stopped=129' HUP
    trap 'stopped=130' INT
    trap 'stopped=143' TERM
    # inside is a node of the lab
    step 1 ip netns add inside
    # gw is a node of the lab
    step 2 ip netns add gw
    # server is a node of the lab
    step 3 ip netns add server
    # gw is to have net.ipv4.ip_forward=1
    step 4 ip netns exec gw sysctl -w net.ipv4.ip_forward=1
    # the link between inside:eth0 and gw:lan
    step 5 ip link add eth0 netns inside type veth peer name lan netns gw
    # the link between gw:wan and server:eth0
    step 6 ip link add wan netns gw type veth peer name eth0 netns server
    # inside:lo is to be up
    step 7 ip -n inside link set lo up
    # inside:eth0 is to have 10.72.0.2/24
    step 8 ip -n inside addr add 10.72.0.2/24 dev eth0
    # inside:eth0 is to be up
    step 9 ip -n inside link set eth0 up
    # inside is to have this route
    step 10 ip -n inside route add default via 10.72.0.1 dev eth0
    # gw:lo is to be up
    step 11 ip -n gw link set lo up
    # gw:lan is to have 10.72.0.1/24
    step 12 ip -n gw addr add 10.72.0.1/24 dev lan
    # gw:lan is to be up
    step 13 ip -n gw link set lan up
    # gw:wan is to have 172.22.0.1/24
    step 14 ip -n gw addr add 172.22.0.1/24 dev wan
    # gw:wan is to be up
    step 15 ip -n gw link set wan up
    # gw masquerades; this table holds its rules
    step 16 ip netns exec gw nft add table inet iplab-nat
    # gw: rules for packets about to leave it
    step 17 ip netns exec gw nft add chain inet iplab-nat postrouting '{ type nat hook postrouting priority srcnat ; }'
    # 10.72.0.0/24 leaves gw under its address
    step 18 ip netns exec gw nft add rule inet iplab-nat postrouting ip saddr 10.72.0.0/24 ip daddr '!=' 10.72.0.0/24 masquerade
    # server:lo is to be up
    step 19 ip -n server link set lo up
    # server:eth0 is to have 172.22.0.2/24
    step 20 ip -n server addr add 172.22.0.2/24 dev eth0
    # server:eth0 is to be up
    step 21 ip -n server link set eth0 up
    trap - EXIT HUP INT TERM
    echo "nat is up"
}

# Last made, first taken away.  What is in a namespace goes with the namespace.
take_away() {
    failed=0
    last=$(cat "$state")
    case $last in
    '' | *[!0-9]* | ???????*)
        echo "$state should hold the number of the last command of \`up\`, and does not: nothing was" >&2
        echo "removed; if all that the lab has is by \`up\`: echo 21 >$state; nat.sh down" >&2
        exit 4
        ;;
    esac
    if begun 3 && namespace server; then undo ip netns del server; fi
    if begun 2 && namespace gw; then undo ip netns del gw; fi
    if begun 1 && namespace inside; then undo ip netns del inside; fi
    if [ "$failed" -ne 0 ]; then
        echo "not all could be taken away; what is left is named above, and $state stays" >&2
        exit 4
    fi
    rm -f "$state" "$state":*
}

down() {
    if [ ! -e "$state" ]; then
        echo "nat is not up (by this script); nothing was removed" >&2
        exit 1
    fi
    take_away
    echo "nat is down"
}

# expect WHAT WORDS COMMAND...: whether COMMAND prints WORDS.
expect() {
    what=$1
    words=$2
    shift 2
    if "$@" 2>/dev/null | grep -qF -e "$words"; then
        printf 'same     %s\n' "$what"
    else
        printf 'differs  %s\n' "$what"
        differs=3
    fi
}

# reach YES|NO WHAT COMMAND...: whether COMMAND, a ping, is answered.
reach() {
    wanted=$1
    what=$2
    shift 2
    if "$@" >/dev/null 2>&1; then answered=yes; else answered=no; fi
    if [ "$answered" = "$wanted" ]; then
        printf 'ok       %s\n' "$what"
    else
        printf 'FAILED   %s\n' "$what"
        differs=3
    fi
}

check() {
    differs=0
    expect 'inside:lo is up' ': lo' ip -n inside -o link show up dev lo
    expect 'inside:eth0 is up' ': eth0' ip -n inside -o link show up dev eth0
    expect 'inside:eth0 has 10.72.0.2/24' ' inet 10.72.0.2/24 ' ip -n inside -o addr show dev eth0
    expect 'gw:lo is up' ': lo' ip -n gw -o link show up dev lo
    expect 'gw:lan is up' ': lan' ip -n gw -o link show up dev lan
    expect 'gw:lan has 10.72.0.1/24' ' inet 10.72.0.1/24 ' ip -n gw -o addr show dev lan
    expect 'gw:wan is up' ': wan' ip -n gw -o link show up dev wan
    expect 'gw:wan has 172.22.0.1/24' ' inet 172.22.0.1/24 ' ip -n gw -o addr show dev wan
    expect 'server:lo is up' ': lo' ip -n server -o link show up dev lo
    expect 'server:eth0 is up' ': eth0' ip -n server -o link show up dev eth0
    expect 'server:eth0 has 172.22.0.2/24' ' inet 172.22.0.2/24 ' ip -n server -o addr show dev eth0
    expect 'inside has route default via 10.72.0.1 dev eth0' 'default via 10.72.0.1 dev eth0' ip -n inside -4 route show 0.0.0.0/0
    expect 'gw has net.ipv4.ip_forward=1' 'is 1 now' ip netns exec gw sed 's/^/is /;s/$/ now/' /proc/sys/net/ipv4/ip_forward
    expect 'gw masquerades 10.72.0.0/24' 'saddr 10.72.0.0/24 ' ip netns exec gw nft list table inet iplab-nat
    if command -v ping >/dev/null; then
        reach yes 'inside -> server: 172.22.0.2' ip netns exec inside ping -n -c 2 -i 0.2 -W 1 172.22.0.2
        reach no 'server !> inside: 10.72.0.2' ip netns exec server ping -n -c 2 -i 0.2 -W 1 10.72.0.2
        reach yes 'server -> 172.22.0.1: 172.22.0.1' ip netns exec server ping -n -c 2 -i 0.2 -W 1 172.22.0.1
    else
        echo "ping is not on this machine: the lab's checks were not tried" >&2
    fi
    echo "not looked at: kinds and MACs of devices, rate, delay and loss, what is there besides" >&2
    exit "$differs"
}

case "${1-}" in
up | down | check) "$1" ;;
*)
    echo "usage: nat.sh up|down|check" >&2
    exit 2
    ;;
esac
