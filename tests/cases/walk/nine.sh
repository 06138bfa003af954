#!/bin/sh
# 建立兩個網路命名空間
ip netns add ns0
ip netns add ns1

# 建立一條虛擬網路線（veth pair）
ip link add veth0 type veth peer name veth1

# 把兩端分別移到命名空間裡
ip link set veth0 netns ns0
ip link set veth1 netns ns1

# 設定 IP 位址
ip netns exec ns0 ip addr add 172.18.0.2/24 dev veth0
ip netns exec ns1 ip addr add 172.18.0.3/24 dev veth1

# 啟用
ip netns exec ns0 ip link set veth0 up
ip netns exec ns1 ip link set veth1 up
