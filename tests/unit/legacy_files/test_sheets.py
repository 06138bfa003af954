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
