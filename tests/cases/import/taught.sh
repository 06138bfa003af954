#!/bin/bash
# 兩個網路命名空間與一條線
ip netns add ns0                          # 第一個
ip netns add ns1                          # 第二個
ip link add veth0 type veth peer name veth1
ip link set veth0 netns ns0
ip link set veth1 netns ns1
ip netns exec ns0 ip addr add 172.18.0.2/24 dev veth0
ip netns exec ns0 ip link set veth0 up
ip netns exec ns1 ip addr add 172.18.0.3/24 dev veth1
ip netns exec ns1 ip link set veth1 up
