"""netstat(8), net-tools 2.10: only ever reads; ss, ip and nstat read the same."""

from __future__ import annotations

from collections.abc import Sequence

from iplab.legacy import routeshow
from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.words import getopt

_LONG = {
    "route": "r", "interfaces": "i", "groups": "g", "statistics": "s", "masquerade": "M",
    "verbose": "v", "wide": "W", "numeric": "n", "numeric-hosts": "!", "numeric-ports": "@",
    "numeric-users": "$", "symbolic": "N", "extend": "e", "programs": "p", "timers": "o",
    "continuous": "c", "listening": "l", "all": "a", "fib": "F", "cache": "C", "context": "Z",
    "tcp": "t", "udp": "u", "udplite": "U", "sctp": "S", "raw": "w", "unix": "x", "version": "V",
    "help": "h", "protocol=": "A", "inet": "4", "inet6": "6", "ip": "4", "tcpip": "4",
}  # fmt: skip
_SOCKETS = "tuwx"
# What ss calls the same; netstat's -e (users, inodes) is ss's -e.
_SAME = {"a": "a", "l": "l", "p": "p", "o": "o", "e": "e", "Z": "Z"}


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``netstat …`` onto ``answer``."""
    options, rest = getopt(words[1:], "MCFA:acdegphilnNorstuWVvwxZ64US", _LONG)
    letters = [letter for letter, _ in options]
    for letter, value in options:
        if letter == "A":
            if value not in ("inet", "inet6", "unix", "ip", "tcpip"):
                raise NoEquivalent(f"the address family {value}")
            letters.append({"inet6": "6", "unix": "x"}.get(value, "4"))
    if rest:
        raise ToolFails(f"netstat does not know {rest[0]!r}")
    if "V" in letters or "h" in letters:
        raise NoEquivalent("speaks of netstat itself: ss -V, ss -h")
    tables = [letter for letter in "rigsM" if letter in letters]
    if len(tables) > 1:
        raise ToolFails("netstat prints one of its tables at a time")
    start = len(answer.items)
    _table(tables[0] if tables else "", letters, answer)
    if "c" in letters:
        _again(start, answer)


def _again(start: int, answer: Answer) -> None:
    """-c: over and over."""
    shows = [item for item in answer.items[start:] if isinstance(item, Show)]
    answer.items[start:] = [Show(("watch", "-n1", " ".join(show.argv))) for show in shows]
    answer.note("watch shows it in place; for events as they come: ss -E, ip monitor")


def _table(table: str, letters: list[str], answer: Answer) -> None:
    match table:
        case "r":
            routeshow.show(letters, answer, six="6" in letters)
        case "i":
            up = () if "a" in letters else ("up",)
            what = "addr" if "e" in letters else "link"  # -ie is what ifconfig prints
            answer.do(Show(("ip", "-s", what, "show", *up)))
            answer.note("other columns; ip prints two lines of counters a device")
        case "g":
            answer.do(Show(("ip", "maddr")))
            answer.note("ip adds link-layer groups and shows no RefCnt")
        case "s":
            answer.do(Show(("nstat", "-asz")))
            answer.note("the counters' own names; `ss -s` is something else")
            if set(letters) & set("tuw6"):
                answer.note("nstat prints all protocols; one alone: nstat -asz 'Tcp*'")
        case "M":
            raise NoEquivalent("netstat -M fails since Linux 2.4; conntrack -L -n has these")
        case _:
            _sockets(letters, answer)


def _sockets(letters: list[str], answer: Answer) -> None:
    if set(letters) & {"U", "S"}:
        raise NoEquivalent("ss lists no UDP-Lite, and SCTP by -S in another way")
    kinds = [k for k in _SOCKETS if k in letters]
    said = [k for k in _SOCKETS if k in letters]
    said += [own for old, own in _SAME.items() if old in letters]
    if "n" in letters or "@" in letters:
        said.append("n")
    elif "!" not in letters:
        said.append("r")  # netstat looks host names up unless told not to
    said += [six for six in ("4", "6") if six in letters]
    flags = "".join(said)
    answer.do(Show(("ss", f"-{flags}") if flags else ("ss",)))
    if not kinds and not set(letters) & {"4", "6"}:
        answer.note("ss adds netlink, packet and vsock rows; -tuwx are netstat's four kinds")
    states = "states read ESTAB, TIME-WAIT, SYN-RECV; UDP rows say UNCONN"
    answer.note(f"another layout: {states}; a dual-stack listener is *:PORT, not :::PORT")
    if "l" in letters or "a" in letters:
        answer.note("Send-Q of a listener is its backlog")
    if "p" in letters:
        answer.note('programs as users:(("name",pid=…)) instead of PID/name')
