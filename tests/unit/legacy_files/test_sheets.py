"""Cheat sheets: the new command beside or under the old one, everything else byte for byte."""

from iplab.legacy.files import rewrite_file

MARKDOWN = """\
# Notes\r
Use `ifconfig eth0 up` to bring it up; `ifconfig` alone shows.  ``route -n`` too.

| old | what |
|---|---|
| ifconfig eth0 down | takes it down |
| `netstat -tln \\| grep -q ':80 '` | asks |
| `ifconfig <iface> mtu <n>` | sets |
| `ip link set eth0 up` | new already |

```sh
# ifconfig eth0 up
ifconfig eth0 mtu 1400
route add -host 10.0.0.9 \\
    dev eth0
```

> ```console
> $ sudo ifconfig eth0 down
> # ifconfig eth0 up
> ```

```python
ifconfig = 1
```

    ifconfig eth0 promisc
"""


def test_markdown_gets_the_new_beside_the_old() -> None:
    done = rewrite_file(MARKDOWN.encode(), "notes.md").text.decode()
    assert "Use `ifconfig eth0 up` (`ip link set eth0 up`) to bring" in done
    assert "`ifconfig` alone shows" in done
    assert "``route -n`` (`ip -4 route show table main`) too" in done
    assert "| ifconfig eth0 down (`ip link set eth0 down`) | takes it down |" in done
    assert "\\| grep -q ':80 '` (about `ss -Htln 'sport = :80' \\| grep -q .`) | asks" in done
    assert "mtu <n>` (about `ip link set <iface> mtu <n>`) | sets" in done
    assert "ifconfig eth0 mtu 1400\n# iproute2: ip link set eth0 mtu 1400\n" in done
    assert "    dev eth0\n# iproute2: ip route prepend 10.0.0.9/32 dev eth0\n" in done
    assert "> $ sudo ifconfig eth0 down\n> # iproute2: sudo ip link set eth0 down\n" in done
    assert "> # ifconfig eth0 up\n> # iproute2: ip link set eth0 up\n" in done
    assert "    ifconfig eth0 promisc\n    # iproute2: ip link set eth0 promisc on\n" in done
    assert "# ifconfig eth0 up\nifconfig eth0 mtu" in done  # a comment is no command


def test_markdown_keeps_every_other_byte() -> None:
    done = rewrite_file(MARKDOWN.encode(), "notes.md")
    rest = iter(done.text)
    assert all(byte in rest for byte in MARKDOWN.encode())
    twice = rewrite_file(done.text, "notes.md")
    assert twice.text == done.text
    assert twice.lines == ()


def test_what_has_no_equivalent_gets_nothing_and_is_reported() -> None:
    done = rewrite_file(b"`ifconfig eth0 media 10baseT` and `arp cache`\n", "notes.md")
    assert done.text == b"`ifconfig eth0 media 10baseT` and `arp cache`\n"
    assert [line.legacy for line in done.lines if line.reason] == ["ifconfig eth0 media 10baseT"]


def test_plain_text_line_by_line() -> None:
    text = "My notes\narp is old\nroute packets well\n  ifconfig eth0 up\n$ route del default"
    done = rewrite_file(text.encode(), "notes.txt").text.decode()
    assert done == (
        "My notes\narp is old\nroute packets well\n"
        "  ifconfig eth0 up\n  # iproute2: ip link set eth0 up\n"
        "$ route del default\n# iproute2: ip route del unicast default"
    )
    assert rewrite_file(done.encode(), "notes.txt").text.decode() == done


def test_html_in_pre_and_code() -> None:
    text = (
        "<p><code>ifconfig eth0 down</code>, <code>ifconfig</code></p>\n"
        '<pre class="x"><b>$</b> ifconfig eth0 up\n'
        "route -n | grep UG &gt;/dev/null &amp;&amp; a</pre>"
    )
    done = rewrite_file(text.encode(), "notes.html").text.decode()
    assert "<code>ifconfig eth0 down</code> (<code>ip link set eth0 down</code>), <code>" in done
    assert "</b> ifconfig eth0 up\n# iproute2: ip link set eth0 up\n" in done
    assert "| grep -q . &gt;/dev/null &amp;&amp; a</pre>" in done
    assert rewrite_file(done.encode(), "notes.html").text.decode() == done


def test_places_for_values_as_tldr_pages_write_them() -> None:
    text = "`sudo route add -net {{net}} netmask {{mask}} gw {{gw}}` `brctl delbr {{bridge}}`\n"
    done = rewrite_file(text.encode(), "route.md").text.decode()
    assert "`sudo ip route prepend {{net}}/{{mask}} via {{gw}}`" in done
    assert "`ip link del {{bridge}}`" in done


def test_what_looks_like_a_command() -> None:
    text = (
        "`ifconfig lo up` `ifconfig br-lan up` `ifconfig IFACE down` `brctl setageing br0 0` "
        "`brctl hairpin br0 p1 on` `vconfig set_flag eth0.5 1 1` `$# ifconfig eth0 up` "
        "`arp requests` `route table` `ifconfig command` `brctl is`\n"
    )
    done = rewrite_file(text.encode(), "notes.md").text.decode()
    assert done.count("(`") + done.count("(about") == 7
    assert done.endswith(") `arp requests` `route table` `ifconfig command` `brctl is`\n")


def test_a_pipe_behind_a_bare_tool_is_reported() -> None:
    done = rewrite_file(b"```\nroute | grep default\narp | awk '{print $1}'\n```\n", "notes.md")
    assert [line.line for line in done.lines if line.reason] == [2, 3]


def test_hooks_of_network_interfaces_in_a_sheet() -> None:
    text = "```\niface eth0 inet dhcp\n    up route add -net 192.0.2.0/24 dev eth0\n```\n"
    done = rewrite_file(text.encode(), "notes.md").text.decode()
    assert "dev eth0\n    # iproute2: ip route prepend 192.0.2.0/24 dev eth0\n" in done


def test_prompts_of_many_machines() -> None:
    lines = ["linux$ sudo ifconfig eth0 up", "host# route del default", "~ # ifconfig lo up"]
    lines += ["/ # ifconfig eth0 mtu 1400", "sh-5.1# ifconfig eth0 down", "Router#show ip arp"]
    text = "```\n" + "\n".join(lines) + "\n```\n"
    done = rewrite_file(text.encode(), "notes.md")
    assert [line.line for line in done.lines] == [2, 3, 4, 5, 6]
    comment = rewrite_file(b"```sh\ndate # ifconfig eth0 up\n```\n", "notes.md")
    assert comment.lines == ()


def test_a_command_in_the_midst_of_a_line() -> None:
    lines = [
        "for i in 1 2; do ifconfig eth0:$i down; done",
        'ssh pi@host "ifconfig eth0 down"',
        "[ -f /x ] && IP=$(ifconfig eth0 | grep 'inet ' | awk '{print $2}')",
        "look at (route tables); arp requests | or not",
        "sudo rfkill unblock all; ifconfig wlan0 up",
    ]
    done = rewrite_file(("```\n" + "\n".join(lines) + "\n```\n").encode(), "notes.md")
    assert [line.line for line in done.lines] == [2, 3, 4, 6]
    assert 'do ip -4 addr flush dev eth0 label "eth0:$i"; done\n' in done.text.decode()
    assert [line.line for line in done.lines if line.reason] == [3]


def test_how_others_write_a_fence_is_bash() -> None:
    text = "``` {.bash}\nifconfig eth0 up\n```\n```bash=\nifconfig eth0 up\n```\n"
    text += "```c++\nroute -n\n```\n"
    done = rewrite_file(text.encode(), "notes.md").text.decode()
    assert done.count("# iproute2: ip link set eth0 up\n") == 2
    assert "ip -4 route" not in done


def test_html_too_has_commands_in_the_midst_of_a_line() -> None:
    done = rewrite_file(b"<pre>\nfor i in 1 2; do ifconfig eth$i up; done\n</pre>\n", "notes.html")
    assert b'# iproute2: for i in 1 2; do ip link set "eth$i" up; done\n' in done.text
    assert [line.line for line in done.lines] == [2]
