#!/bin/sh
# Lab star, written by `iplab script star.yaml.j2` (commands in style direct).
# Needs iproute2, ping for `check`, root, and a POSIX shell; iplab itself is not needed.
#
#   star.sh up      run the commands below; if one fails, or at Ctrl-C, take away what was made
#   star.sh down    take away what `up` made, and nothing else
#   star.sh check   compare the machine with the lab, and ping
#
# `check` looks at addresses, up and down, mtu, ports, routes, settings and masquerading; not at the
# kind and MAC of a device, at rate, delay and loss, or at what is there besides.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

# The number of the last command begun, kept until `down`; /run is empty after a reboot.
state=/run/iplab-script-star
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
        echo "star is up already (or was not taken down whole): star.sh down" >&2
        exit 1
    fi
    rm -f "$state":*
    record 0 || exit 1
    trap unfinished EXIT
    trap 'stopped=129' HUP
    trap 'stopped=130' INT
    trap 'stopped=143' TERM
    # hub is a node of the lab
    step 1 ip netns add hub
    # leaf1 is a node of the lab
    step 2 ip netns add leaf1
    # leaf2 is a node of the lab
    step 3 ip netns add leaf2
    # leaf3 is a node of the lab
    step 4 ip netns add leaf3
    # leaf4 is a node of the lab
    step 5 ip netns add leaf4
    # leaf5 is a node of the lab
    step 6 ip netns add leaf5
    # leaf6 is a node of the lab
    step 7 ip netns add leaf6
    # leaf7 is a node of the lab
    step 8 ip netns add leaf7
    # leaf8 is a node of the lab
    step 9 ip netns add leaf8
    # leaf9 is a node of the lab
    step 10 ip netns add leaf9
    # leaf10 is a node of the lab
    step 11 ip netns add leaf10
    # leaf11 is a node of the lab
    step 12 ip netns add leaf11
    # leaf12 is a node of the lab
    step 13 ip netns add leaf12
    # leaf13 is a node of the lab
    step 14 ip netns add leaf13
    # leaf14 is a node of the lab
    step 15 ip netns add leaf14
    # leaf15 is a node of the lab
    step 16 ip netns add leaf15
    # leaf16 is a node of the lab
    step 17 ip netns add leaf16
    # leaf17 is a node of the lab
    step 18 ip netns add leaf17
    # leaf18 is a node of the lab
    step 19 ip netns add leaf18
    # leaf19 is a node of the lab
    step 20 ip netns add leaf19
    # leaf20 is a node of the lab
    step 21 ip netns add leaf20
    # the link between hub:leaf1-eth0 and leaf1:eth0
    step 22 ip link add leaf1-eth0 netns hub type veth peer name eth0 netns leaf1
    # the link between hub:leaf2-eth0 and leaf2:eth0
    step 23 ip link add leaf2-eth0 netns hub type veth peer name eth0 netns leaf2
    # the link between hub:leaf3-eth0 and leaf3:eth0
    step 24 ip link add leaf3-eth0 netns hub type veth peer name eth0 netns leaf3
    # the link between hub:leaf4-eth0 and leaf4:eth0
    step 25 ip link add leaf4-eth0 netns hub type veth peer name eth0 netns leaf4
    # the link between hub:leaf5-eth0 and leaf5:eth0
    step 26 ip link add leaf5-eth0 netns hub type veth peer name eth0 netns leaf5
    # the link between hub:leaf6-eth0 and leaf6:eth0
    step 27 ip link add leaf6-eth0 netns hub type veth peer name eth0 netns leaf6
    # the link between hub:leaf7-eth0 and leaf7:eth0
    step 28 ip link add leaf7-eth0 netns hub type veth peer name eth0 netns leaf7
    # the link between hub:leaf8-eth0 and leaf8:eth0
    step 29 ip link add leaf8-eth0 netns hub type veth peer name eth0 netns leaf8
    # the link between hub:leaf9-eth0 and leaf9:eth0
    step 30 ip link add leaf9-eth0 netns hub type veth peer name eth0 netns leaf9
    # the link between hub:leaf10-eth0 and leaf10:eth0
    step 31 ip link add leaf10-eth0 netns hub type veth peer name eth0 netns leaf10
    # the link between hub:leaf11-eth0 and leaf11:eth0
    step 32 ip link add leaf11-eth0 netns hub type veth peer name eth0 netns leaf11
    # the link between hub:leaf12-eth0 and leaf12:eth0
    step 33 ip link add leaf12-eth0 netns hub type veth peer name eth0 netns leaf12
    # the link between hub:leaf13-eth0 and leaf13:eth0
    step 34 ip link add leaf13-eth0 netns hub type veth peer name eth0 netns leaf13
    # the link between hub:leaf14-eth0 and leaf14:eth0
    step 35 ip link add leaf14-eth0 netns hub type veth peer name eth0 netns leaf14
    # the link between hub:leaf15-eth0 and leaf15:eth0
    step 36 ip link add leaf15-eth0 netns hub type veth peer name eth0 netns leaf15
    # the link between hub:leaf16-eth0 and leaf16:eth0
    step 37 ip link add leaf16-eth0 netns hub type veth peer name eth0 netns leaf16
    # the link between hub:leaf17-eth0 and leaf17:eth0
    step 38 ip link add leaf17-eth0 netns hub type veth peer name eth0 netns leaf17
    # the link between hub:leaf18-eth0 and leaf18:eth0
    step 39 ip link add leaf18-eth0 netns hub type veth peer name eth0 netns leaf18
    # the link between hub:leaf19-eth0 and leaf19:eth0
    step 40 ip link add leaf19-eth0 netns hub type veth peer name eth0 netns leaf19
    # the link between hub:leaf20-eth0 and leaf20:eth0
    step 41 ip link add leaf20-eth0 netns hub type veth peer name eth0 netns leaf20
    # hub:br0 is a bridge of the lab
    step 42 ip -n hub link add br0 type bridge
    # hub:lo is to be up
    step 43 ip -n hub link set lo up
    # hub:br0 is to have 10.75.0.1/16
    step 44 ip -n hub addr add 10.75.0.1/16 dev br0
    # hub:br0 is to be up
    step 45 ip -n hub link set br0 up
    # hub:leaf1-eth0 is to be a port of br0
    step 46 ip -n hub link set leaf1-eth0 master br0
    # hub:leaf1-eth0 is to be up
    step 47 ip -n hub link set leaf1-eth0 up
    # hub:leaf2-eth0 is to be a port of br0
    step 48 ip -n hub link set leaf2-eth0 master br0
    # hub:leaf2-eth0 is to be up
    step 49 ip -n hub link set leaf2-eth0 up
    # hub:leaf3-eth0 is to be a port of br0
    step 50 ip -n hub link set leaf3-eth0 master br0
    # hub:leaf3-eth0 is to be up
    step 51 ip -n hub link set leaf3-eth0 up
    # hub:leaf4-eth0 is to be a port of br0
    step 52 ip -n hub link set leaf4-eth0 master br0
    # hub:leaf4-eth0 is to be up
    step 53 ip -n hub link set leaf4-eth0 up
    # hub:leaf5-eth0 is to be a port of br0
    step 54 ip -n hub link set leaf5-eth0 master br0
    # hub:leaf5-eth0 is to be up
    step 55 ip -n hub link set leaf5-eth0 up
    # hub:leaf6-eth0 is to be a port of br0
    step 56 ip -n hub link set leaf6-eth0 master br0
    # hub:leaf6-eth0 is to be up
    step 57 ip -n hub link set leaf6-eth0 up
    # hub:leaf7-eth0 is to be a port of br0
    step 58 ip -n hub link set leaf7-eth0 master br0
    # hub:leaf7-eth0 is to be up
    step 59 ip -n hub link set leaf7-eth0 up
    # hub:leaf8-eth0 is to be a port of br0
    step 60 ip -n hub link set leaf8-eth0 master br0
    # hub:leaf8-eth0 is to be up
    step 61 ip -n hub link set leaf8-eth0 up
    # hub:leaf9-eth0 is to be a port of br0
    step 62 ip -n hub link set leaf9-eth0 master br0
    # hub:leaf9-eth0 is to be up
    step 63 ip -n hub link set leaf9-eth0 up
    # hub:leaf10-eth0 is to be a port of br0
    step 64 ip -n hub link set leaf10-eth0 master br0
    # hub:leaf10-eth0 is to be up
    step 65 ip -n hub link set leaf10-eth0 up
    # hub:leaf11-eth0 is to be a port of br0
    step 66 ip -n hub link set leaf11-eth0 master br0
    # hub:leaf11-eth0 is to be up
    step 67 ip -n hub link set leaf11-eth0 up
    # hub:leaf12-eth0 is to be a port of br0
    step 68 ip -n hub link set leaf12-eth0 master br0
    # hub:leaf12-eth0 is to be up
    step 69 ip -n hub link set leaf12-eth0 up
    # hub:leaf13-eth0 is to be a port of br0
    step 70 ip -n hub link set leaf13-eth0 master br0
    # hub:leaf13-eth0 is to be up
    step 71 ip -n hub link set leaf13-eth0 up
    # hub:leaf14-eth0 is to be a port of br0
    step 72 ip -n hub link set leaf14-eth0 master br0
    # hub:leaf14-eth0 is to be up
    step 73 ip -n hub link set leaf14-eth0 up
    # hub:leaf15-eth0 is to be a port of br0
    step 74 ip -n hub link set leaf15-eth0 master br0
    # hub:leaf15-eth0 is to be up
    step 75 ip -n hub link set leaf15-eth0 up
    # hub:leaf16-eth0 is to be a port of br0
    step 76 ip -n hub link set leaf16-eth0 master br0
    # hub:leaf16-eth0 is to be up
    step 77 ip -n hub link set leaf16-eth0 up
    # hub:leaf17-eth0 is to be a port of br0
    step 78 ip -n hub link set leaf17-eth0 master br0
    # hub:leaf17-eth0 is to be up
    step 79 ip -n hub link set leaf17-eth0 up
    # hub:leaf18-eth0 is to be a port of br0
    step 80 ip -n hub link set leaf18-eth0 master br0
    # hub:leaf18-eth0 is to be up
    step 81 ip -n hub link set leaf18-eth0 up
    # hub:leaf19-eth0 is to be a port of br0
    step 82 ip -n hub link set leaf19-eth0 master br0
    # hub:leaf19-eth0 is to be up
    step 83 ip -n hub link set leaf19-eth0 up
    # hub:leaf20-eth0 is to be a port of br0
    step 84 ip -n hub link set leaf20-eth0 master br0
    # hub:leaf20-eth0 is to be up
    step 85 ip -n hub link set leaf20-eth0 up
    # leaf1:lo is to be up
    step 86 ip -n leaf1 link set lo up
    # leaf1:eth0 is to have 10.75.1.2/16
    step 87 ip -n leaf1 addr add 10.75.1.2/16 dev eth0
    # leaf1:eth0 is to be up
    step 88 ip -n leaf1 link set eth0 up
    # leaf2:lo is to be up
    step 89 ip -n leaf2 link set lo up
    # leaf2:eth0 is to have 10.75.1.3/16
    step 90 ip -n leaf2 addr add 10.75.1.3/16 dev eth0
    # leaf2:eth0 is to be up
    step 91 ip -n leaf2 link set eth0 up
    # leaf3:lo is to be up
    step 92 ip -n leaf3 link set lo up
    # leaf3:eth0 is to have 10.75.1.4/16
    step 93 ip -n leaf3 addr add 10.75.1.4/16 dev eth0
    # leaf3:eth0 is to be up
    step 94 ip -n leaf3 link set eth0 up
    # leaf4:lo is to be up
    step 95 ip -n leaf4 link set lo up
    # leaf4:eth0 is to have 10.75.1.5/16
    step 96 ip -n leaf4 addr add 10.75.1.5/16 dev eth0
    # leaf4:eth0 is to be up
    step 97 ip -n leaf4 link set eth0 up
    # leaf5:lo is to be up
    step 98 ip -n leaf5 link set lo up
    # leaf5:eth0 is to have 10.75.1.6/16
    step 99 ip -n leaf5 addr add 10.75.1.6/16 dev eth0
    # leaf5:eth0 is to be up
    step 100 ip -n leaf5 link set eth0 up
    # leaf6:lo is to be up
    step 101 ip -n leaf6 link set lo up
    # leaf6:eth0 is to have 10.75.1.7/16
    step 102 ip -n leaf6 addr add 10.75.1.7/16 dev eth0
    # leaf6:eth0 is to be up
    step 103 ip -n leaf6 link set eth0 up
    # leaf7:lo is to be up
    step 104 ip -n leaf7 link set lo up
    # leaf7:eth0 is to have 10.75.1.8/16
    step 105 ip -n leaf7 addr add 10.75.1.8/16 dev eth0
    # leaf7:eth0 is to be up
    step 106 ip -n leaf7 link set eth0 up
    # leaf8:lo is to be up
    step 107 ip -n leaf8 link set lo up
    # leaf8:eth0 is to have 10.75.1.9/16
    step 108 ip -n leaf8 addr add 10.75.1.9/16 dev eth0
    # leaf8:eth0 is to be up
    step 109 ip -n leaf8 link set eth0 up
    # leaf9:lo is to be up
    step 110 ip -n leaf9 link set lo up
    # leaf9:eth0 is to have 10.75.1.10/16
    step 111 ip -n leaf9 addr add 10.75.1.10/16 dev eth0
    # leaf9:eth0 is to be up
    step 112 ip -n leaf9 link set eth0 up
    # leaf10:lo is to be up
    step 113 ip -n leaf10 link set lo up
    # leaf10:eth0 is to have 10.75.1.11/16
    step 114 ip -n leaf10 addr add 10.75.1.11/16 dev eth0
    # leaf10:eth0 is to be up
    step 115 ip -n leaf10 link set eth0 up
    # leaf11:lo is to be up
    step 116 ip -n leaf11 link set lo up
    # leaf11:eth0 is to have 10.75.1.12/16
    step 117 ip -n leaf11 addr add 10.75.1.12/16 dev eth0
    # leaf11:eth0 is to be up
    step 118 ip -n leaf11 link set eth0 up
    # leaf12:lo is to be up
    step 119 ip -n leaf12 link set lo up
    # leaf12:eth0 is to have 10.75.1.13/16
    step 120 ip -n leaf12 addr add 10.75.1.13/16 dev eth0
    # leaf12:eth0 is to be up
    step 121 ip -n leaf12 link set eth0 up
    # leaf13:lo is to be up
    step 122 ip -n leaf13 link set lo up
    # leaf13:eth0 is to have 10.75.1.14/16
    step 123 ip -n leaf13 addr add 10.75.1.14/16 dev eth0
    # leaf13:eth0 is to be up
    step 124 ip -n leaf13 link set eth0 up
    # leaf14:lo is to be up
    step 125 ip -n leaf14 link set lo up
    # leaf14:eth0 is to have 10.75.1.15/16
    step 126 ip -n leaf14 addr add 10.75.1.15/16 dev eth0
    # leaf14:eth0 is to be up
    step 127 ip -n leaf14 link set eth0 up
    # leaf15:lo is to be up
    step 128 ip -n leaf15 link set lo up
    # leaf15:eth0 is to have 10.75.1.16/16
    step 129 ip -n leaf15 addr add 10.75.1.16/16 dev eth0
    # leaf15:eth0 is to be up
    step 130 ip -n leaf15 link set eth0 up
    # leaf16:lo is to be up
    step 131 ip -n leaf16 link set lo up
    # leaf16:eth0 is to have 10.75.1.17/16
    step 132 ip -n leaf16 addr add 10.75.1.17/16 dev eth0
    # leaf16:eth0 is to be up
    step 133 ip -n leaf16 link set eth0 up
    # leaf17:lo is to be up
    step 134 ip -n leaf17 link set lo up
    # leaf17:eth0 is to have 10.75.1.18/16
    step 135 ip -n leaf17 addr add 10.75.1.18/16 dev eth0
    # leaf17:eth0 is to be up
    step 136 ip -n leaf17 link set eth0 up
    # leaf18:lo is to be up
    step 137 ip -n leaf18 link set lo up
    # leaf18:eth0 is to have 10.75.1.19/16
    step 138 ip -n leaf18 addr add 10.75.1.19/16 dev eth0
    # leaf18:eth0 is to be up
    step 139 ip -n leaf18 link set eth0 up
    # leaf19:lo is to be up
    step 140 ip -n leaf19 link set lo up
    # leaf19:eth0 is to have 10.75.1.20/16
    step 141 ip -n leaf19 addr add 10.75.1.20/16 dev eth0
    # leaf19:eth0 is to be up
    step 142 ip -n leaf19 link set eth0 up
    # leaf20:lo is to be up
    step 143 ip -n leaf20 link set lo up
    # leaf20:eth0 is to have 10.75.1.21/16
    step 144 ip -n leaf20 addr add 10.75.1.21/16 dev eth0
    # leaf20:eth0 is to be up
    step 145 ip -n leaf20 link set eth0 up
    trap - EXIT HUP INT TERM
    echo "star is up"
}

# Last made, first taken away.  What is in a namespace goes with the namespace.
take_away() {
    failed=0
    last=$(cat "$state")
    case $last in
    '' | *[!0-9]* | ???????*)
        echo "$state should hold the number of the last command of \`up\`, and does not: nothing was" >&2
        echo "removed; if all that the lab has is by \`up\`: echo 145 >$state; star.sh down" >&2
        exit 4
        ;;
    esac
    if begun 21 && namespace leaf20; then undo ip netns del leaf20; fi
    if begun 20 && namespace leaf19; then undo ip netns del leaf19; fi
    if begun 19 && namespace leaf18; then undo ip netns del leaf18; fi
    if begun 18 && namespace leaf17; then undo ip netns del leaf17; fi
    if begun 17 && namespace leaf16; then undo ip netns del leaf16; fi
    if begun 16 && namespace leaf15; then undo ip netns del leaf15; fi
    if begun 15 && namespace leaf14; then undo ip netns del leaf14; fi
    if begun 14 && namespace leaf13; then undo ip netns del leaf13; fi
    if begun 13 && namespace leaf12; then undo ip netns del leaf12; fi
    if begun 12 && namespace leaf11; then undo ip netns del leaf11; fi
    if begun 11 && namespace leaf10; then undo ip netns del leaf10; fi
    if begun 10 && namespace leaf9; then undo ip netns del leaf9; fi
    if begun 9 && namespace leaf8; then undo ip netns del leaf8; fi
    if begun 8 && namespace leaf7; then undo ip netns del leaf7; fi
    if begun 7 && namespace leaf6; then undo ip netns del leaf6; fi
    if begun 6 && namespace leaf5; then undo ip netns del leaf5; fi
    if begun 5 && namespace leaf4; then undo ip netns del leaf4; fi
    if begun 4 && namespace leaf3; then undo ip netns del leaf3; fi
    if begun 3 && namespace leaf2; then undo ip netns del leaf2; fi
    if begun 2 && namespace leaf1; then undo ip netns del leaf1; fi
    if begun 1 && namespace hub; then undo ip netns del hub; fi
    if [ "$failed" -ne 0 ]; then
        echo "not all could be taken away; what is left is named above, and $state stays" >&2
        exit 4
    fi
    rm -f "$state" "$state":*
}

down() {
    if [ ! -e "$state" ]; then
        echo "star is not up (by this script); nothing was removed" >&2
        exit 1
    fi
    take_away
    echo "star is down"
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
    expect 'hub:lo is up' ': lo' ip -n hub -o link show up dev lo
    expect 'hub:br0 is up' ': br0' ip -n hub -o link show up dev br0
    expect 'hub:br0 has 10.75.0.1/16' ' inet 10.75.0.1/16 ' ip -n hub -o addr show dev br0
    expect 'hub:leaf1-eth0 is up' ': leaf1-eth0' ip -n hub -o link show up dev leaf1-eth0
    expect 'hub:leaf1-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf1-eth0
    expect 'hub:leaf2-eth0 is up' ': leaf2-eth0' ip -n hub -o link show up dev leaf2-eth0
    expect 'hub:leaf2-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf2-eth0
    expect 'hub:leaf3-eth0 is up' ': leaf3-eth0' ip -n hub -o link show up dev leaf3-eth0
    expect 'hub:leaf3-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf3-eth0
    expect 'hub:leaf4-eth0 is up' ': leaf4-eth0' ip -n hub -o link show up dev leaf4-eth0
    expect 'hub:leaf4-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf4-eth0
    expect 'hub:leaf5-eth0 is up' ': leaf5-eth0' ip -n hub -o link show up dev leaf5-eth0
    expect 'hub:leaf5-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf5-eth0
    expect 'hub:leaf6-eth0 is up' ': leaf6-eth0' ip -n hub -o link show up dev leaf6-eth0
    expect 'hub:leaf6-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf6-eth0
    expect 'hub:leaf7-eth0 is up' ': leaf7-eth0' ip -n hub -o link show up dev leaf7-eth0
    expect 'hub:leaf7-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf7-eth0
    expect 'hub:leaf8-eth0 is up' ': leaf8-eth0' ip -n hub -o link show up dev leaf8-eth0
    expect 'hub:leaf8-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf8-eth0
    expect 'hub:leaf9-eth0 is up' ': leaf9-eth0' ip -n hub -o link show up dev leaf9-eth0
    expect 'hub:leaf9-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf9-eth0
    expect 'hub:leaf10-eth0 is up' ': leaf10-eth0' ip -n hub -o link show up dev leaf10-eth0
    expect 'hub:leaf10-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf10-eth0
    expect 'hub:leaf11-eth0 is up' ': leaf11-eth0' ip -n hub -o link show up dev leaf11-eth0
    expect 'hub:leaf11-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf11-eth0
    expect 'hub:leaf12-eth0 is up' ': leaf12-eth0' ip -n hub -o link show up dev leaf12-eth0
    expect 'hub:leaf12-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf12-eth0
    expect 'hub:leaf13-eth0 is up' ': leaf13-eth0' ip -n hub -o link show up dev leaf13-eth0
    expect 'hub:leaf13-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf13-eth0
    expect 'hub:leaf14-eth0 is up' ': leaf14-eth0' ip -n hub -o link show up dev leaf14-eth0
    expect 'hub:leaf14-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf14-eth0
    expect 'hub:leaf15-eth0 is up' ': leaf15-eth0' ip -n hub -o link show up dev leaf15-eth0
    expect 'hub:leaf15-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf15-eth0
    expect 'hub:leaf16-eth0 is up' ': leaf16-eth0' ip -n hub -o link show up dev leaf16-eth0
    expect 'hub:leaf16-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf16-eth0
    expect 'hub:leaf17-eth0 is up' ': leaf17-eth0' ip -n hub -o link show up dev leaf17-eth0
    expect 'hub:leaf17-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf17-eth0
    expect 'hub:leaf18-eth0 is up' ': leaf18-eth0' ip -n hub -o link show up dev leaf18-eth0
    expect 'hub:leaf18-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf18-eth0
    expect 'hub:leaf19-eth0 is up' ': leaf19-eth0' ip -n hub -o link show up dev leaf19-eth0
    expect 'hub:leaf19-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf19-eth0
    expect 'hub:leaf20-eth0 is up' ': leaf20-eth0' ip -n hub -o link show up dev leaf20-eth0
    expect 'hub:leaf20-eth0 is a port of br0' ' master br0 ' ip -n hub -o link show dev leaf20-eth0
    expect 'leaf1:lo is up' ': lo' ip -n leaf1 -o link show up dev lo
    expect 'leaf1:eth0 is up' ': eth0' ip -n leaf1 -o link show up dev eth0
    expect 'leaf1:eth0 has 10.75.1.2/16' ' inet 10.75.1.2/16 ' ip -n leaf1 -o addr show dev eth0
    expect 'leaf2:lo is up' ': lo' ip -n leaf2 -o link show up dev lo
    expect 'leaf2:eth0 is up' ': eth0' ip -n leaf2 -o link show up dev eth0
    expect 'leaf2:eth0 has 10.75.1.3/16' ' inet 10.75.1.3/16 ' ip -n leaf2 -o addr show dev eth0
    expect 'leaf3:lo is up' ': lo' ip -n leaf3 -o link show up dev lo
    expect 'leaf3:eth0 is up' ': eth0' ip -n leaf3 -o link show up dev eth0
    expect 'leaf3:eth0 has 10.75.1.4/16' ' inet 10.75.1.4/16 ' ip -n leaf3 -o addr show dev eth0
    expect 'leaf4:lo is up' ': lo' ip -n leaf4 -o link show up dev lo
    expect 'leaf4:eth0 is up' ': eth0' ip -n leaf4 -o link show up dev eth0
    expect 'leaf4:eth0 has 10.75.1.5/16' ' inet 10.75.1.5/16 ' ip -n leaf4 -o addr show dev eth0
    expect 'leaf5:lo is up' ': lo' ip -n leaf5 -o link show up dev lo
    expect 'leaf5:eth0 is up' ': eth0' ip -n leaf5 -o link show up dev eth0
    expect 'leaf5:eth0 has 10.75.1.6/16' ' inet 10.75.1.6/16 ' ip -n leaf5 -o addr show dev eth0
    expect 'leaf6:lo is up' ': lo' ip -n leaf6 -o link show up dev lo
    expect 'leaf6:eth0 is up' ': eth0' ip -n leaf6 -o link show up dev eth0
    expect 'leaf6:eth0 has 10.75.1.7/16' ' inet 10.75.1.7/16 ' ip -n leaf6 -o addr show dev eth0
    expect 'leaf7:lo is up' ': lo' ip -n leaf7 -o link show up dev lo
    expect 'leaf7:eth0 is up' ': eth0' ip -n leaf7 -o link show up dev eth0
    expect 'leaf7:eth0 has 10.75.1.8/16' ' inet 10.75.1.8/16 ' ip -n leaf7 -o addr show dev eth0
    expect 'leaf8:lo is up' ': lo' ip -n leaf8 -o link show up dev lo
    expect 'leaf8:eth0 is up' ': eth0' ip -n leaf8 -o link show up dev eth0
    expect 'leaf8:eth0 has 10.75.1.9/16' ' inet 10.75.1.9/16 ' ip -n leaf8 -o addr show dev eth0
    expect 'leaf9:lo is up' ': lo' ip -n leaf9 -o link show up dev lo
    expect 'leaf9:eth0 is up' ': eth0' ip -n leaf9 -o link show up dev eth0
    expect 'leaf9:eth0 has 10.75.1.10/16' ' inet 10.75.1.10/16 ' ip -n leaf9 -o addr show dev eth0
    expect 'leaf10:lo is up' ': lo' ip -n leaf10 -o link show up dev lo
    expect 'leaf10:eth0 is up' ': eth0' ip -n leaf10 -o link show up dev eth0
    expect 'leaf10:eth0 has 10.75.1.11/16' ' inet 10.75.1.11/16 ' ip -n leaf10 -o addr show dev eth0
    expect 'leaf11:lo is up' ': lo' ip -n leaf11 -o link show up dev lo
    expect 'leaf11:eth0 is up' ': eth0' ip -n leaf11 -o link show up dev eth0
    expect 'leaf11:eth0 has 10.75.1.12/16' ' inet 10.75.1.12/16 ' ip -n leaf11 -o addr show dev eth0
    expect 'leaf12:lo is up' ': lo' ip -n leaf12 -o link show up dev lo
    expect 'leaf12:eth0 is up' ': eth0' ip -n leaf12 -o link show up dev eth0
    expect 'leaf12:eth0 has 10.75.1.13/16' ' inet 10.75.1.13/16 ' ip -n leaf12 -o addr show dev eth0
    expect 'leaf13:lo is up' ': lo' ip -n leaf13 -o link show up dev lo
    expect 'leaf13:eth0 is up' ': eth0' ip -n leaf13 -o link show up dev eth0
    expect 'leaf13:eth0 has 10.75.1.14/16' ' inet 10.75.1.14/16 ' ip -n leaf13 -o addr show dev eth0
    expect 'leaf14:lo is up' ': lo' ip -n leaf14 -o link show up dev lo
    expect 'leaf14:eth0 is up' ': eth0' ip -n leaf14 -o link show up dev eth0
    expect 'leaf14:eth0 has 10.75.1.15/16' ' inet 10.75.1.15/16 ' ip -n leaf14 -o addr show dev eth0
    expect 'leaf15:lo is up' ': lo' ip -n leaf15 -o link show up dev lo
    expect 'leaf15:eth0 is up' ': eth0' ip -n leaf15 -o link show up dev eth0
    expect 'leaf15:eth0 has 10.75.1.16/16' ' inet 10.75.1.16/16 ' ip -n leaf15 -o addr show dev eth0
    expect 'leaf16:lo is up' ': lo' ip -n leaf16 -o link show up dev lo
    expect 'leaf16:eth0 is up' ': eth0' ip -n leaf16 -o link show up dev eth0
    expect 'leaf16:eth0 has 10.75.1.17/16' ' inet 10.75.1.17/16 ' ip -n leaf16 -o addr show dev eth0
    expect 'leaf17:lo is up' ': lo' ip -n leaf17 -o link show up dev lo
    expect 'leaf17:eth0 is up' ': eth0' ip -n leaf17 -o link show up dev eth0
    expect 'leaf17:eth0 has 10.75.1.18/16' ' inet 10.75.1.18/16 ' ip -n leaf17 -o addr show dev eth0
    expect 'leaf18:lo is up' ': lo' ip -n leaf18 -o link show up dev lo
    expect 'leaf18:eth0 is up' ': eth0' ip -n leaf18 -o link show up dev eth0
    expect 'leaf18:eth0 has 10.75.1.19/16' ' inet 10.75.1.19/16 ' ip -n leaf18 -o addr show dev eth0
    expect 'leaf19:lo is up' ': lo' ip -n leaf19 -o link show up dev lo
    expect 'leaf19:eth0 is up' ': eth0' ip -n leaf19 -o link show up dev eth0
    expect 'leaf19:eth0 has 10.75.1.20/16' ' inet 10.75.1.20/16 ' ip -n leaf19 -o addr show dev eth0
    expect 'leaf20:lo is up' ': lo' ip -n leaf20 -o link show up dev lo
    expect 'leaf20:eth0 is up' ': eth0' ip -n leaf20 -o link show up dev eth0
    expect 'leaf20:eth0 has 10.75.1.21/16' ' inet 10.75.1.21/16 ' ip -n leaf20 -o addr show dev eth0
    if command -v ping >/dev/null; then
        reach yes 'leaf1 -> hub: 10.75.0.1' ip netns exec leaf1 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf2 -> hub: 10.75.0.1' ip netns exec leaf2 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf3 -> hub: 10.75.0.1' ip netns exec leaf3 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf4 -> hub: 10.75.0.1' ip netns exec leaf4 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf5 -> hub: 10.75.0.1' ip netns exec leaf5 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf6 -> hub: 10.75.0.1' ip netns exec leaf6 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf7 -> hub: 10.75.0.1' ip netns exec leaf7 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf8 -> hub: 10.75.0.1' ip netns exec leaf8 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf9 -> hub: 10.75.0.1' ip netns exec leaf9 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf10 -> hub: 10.75.0.1' ip netns exec leaf10 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf11 -> hub: 10.75.0.1' ip netns exec leaf11 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf12 -> hub: 10.75.0.1' ip netns exec leaf12 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf13 -> hub: 10.75.0.1' ip netns exec leaf13 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf14 -> hub: 10.75.0.1' ip netns exec leaf14 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf15 -> hub: 10.75.0.1' ip netns exec leaf15 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf16 -> hub: 10.75.0.1' ip netns exec leaf16 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf17 -> hub: 10.75.0.1' ip netns exec leaf17 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf18 -> hub: 10.75.0.1' ip netns exec leaf18 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf19 -> hub: 10.75.0.1' ip netns exec leaf19 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf20 -> hub: 10.75.0.1' ip netns exec leaf20 ping -n -c 2 -i 0.2 -W 1 10.75.0.1
        reach yes 'leaf1 -> leaf20: 10.75.1.21' ip netns exec leaf1 ping -n -c 2 -i 0.2 -W 1 10.75.1.21
    else
        echo "ping is not on this machine: the lab's checks were not tried" >&2
    fi
    echo "not looked at: kinds and MACs of devices, rate, delay and loss, what is there besides" >&2
    exit "$differs"
}

case "${1-}" in
up | down | check) "$1" ;;
*)
    echo "usage: star.sh up|down|check" >&2
    exit 2
    ;;
esac
