"""iptunnel(8), net-tools 2.10: the forebear of ``ip tunnel``, with fewer words.

Both ask the kernel for the same: an ioctl with an ``ip_tunnel_parm`` (iptunnel.c; ip/iptunnel.c).
What they ask was held against each other by tests/kernel/test_translate_asked.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.words import device, strtoul
from iplab.operations import AddTunnel, ChangeTunnel, DeleteTunnel

_FLAGS = frozenset({"seq", "iseq", "oseq", "csum", "icsum", "ocsum", "nopmtudisc"})
_VALUES = frozenset({"mode", "remote", "local", "ttl", "tos", "dev", "key", "ikey", "okey"})
_MODES = ("ipip", "gre", "sit")
# Words of `ip tunnel` that iptunnel would take for the tunnel's name.
_NO_NAMES = frozenset({"pmtudisc", "name", "hoplimit", "hlim", "dsfield", "tclass", "help"})
_VERBS = {"add": "add", "change": "change", "del": "del", "show": "show", "lst": "show"}
_ANY = ("any", "default", "all")


class _Said(Struct):
    """The words behind the verb: those with a value, in ip's form; the flags; the name."""

    name: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)

    @property
    def words(self) -> tuple[str, ...]:
        """As `ip tunnel` takes them, in the order they were given."""
        return (*(w for pair in self.values.items() for w in pair), *self.flags)

    @property
    def mode(self) -> str | None:
        """The mode that is said, or that the name begins with."""
        named = (m for m in _MODES if (self.name or "").startswith(m))
        return self.values.get("mode") or next(named, None)


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``iptunnel …`` onto ``answer``."""
    rest = _options(list(words[1:]), answer)
    given = rest.pop(0) if rest else "show"
    verb = next((_VERBS[v] for v in _VERBS if v.startswith(given)), None)
    if verb is None and not "list".startswith(given):
        raise ToolFails(f"iptunnel has no {given!r}")
    said = _said(rest)
    if verb is None or verb == "show":
        answer.do(Show(("ip", "tunnel", "show", *([said.name] if said.name else []))))
        return
    _check(said, answer)
    if said.name is None:
        raise NoEquivalent("the tunnel has no name, and gets the kernel's: name it")
    if verb == "del":
        answer.device(said.name)
        answer.do(DeleteTunnel(answer.node, said.name, said.words))
        return
    if said.mode is None:
        raise ToolFails("cannot determine tunnel mode (ipip, gre or sit)")
    if said.values.get("ttl", "0") not in ("0", "inherit") and "nopmtudisc" in said.flags:
        raise ToolFails("a ttl and nopmtudisc exclude each other")
    if verb == "add":
        answer.do(AddTunnel(answer.node, said.name, said.words))
    else:
        _change(said, answer)


def _change(said: _Said, answer: Answer) -> None:
    """``change`` looks for a tunnel by its ends, whatever its name, and sets what is left unsaid to
    nothing; ip's finds it by its name, and leaves what is left unsaid (ip_tunnel_ctl())."""
    assert said.name is not None
    keyed = [w for w in (*said.values, *said.flags) if w.endswith(("key", "seq", "csum"))]
    if keyed:
        raise NoEquivalent(
            f"{keyed[0]}: iptunnel's request goes to {said.mode}0, and that one would get it"
        )
    answer.device(said.name)
    unsaid = {"mode": said.mode or "", "remote": "any", "local": "any", "ttl": "0", "tos": "0x00"}
    set_to = unsaid | said.values
    fragments = "nopmtudisc" if "nopmtudisc" in said.flags else "pmtudisc"
    words = (*(w for pair in set_to.items() for w in pair), fragments)
    answer.do(ChangeTunnel(answer.node, said.name, words))
    answer.doubt(
        f"assumes that {said.name} goes from local {set_to['local']} to remote {set_to['remote']} "
        "already, without a key: iptunnel finds a tunnel to change by these, not by its name"
    )


def _options(rest: list[str], answer: Answer) -> list[str]:
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if "-V".startswith(option) or "--version".startswith(option):
            raise NoEquivalent("speaks of iptunnel itself: ip -V, ip tunnel help")
        if "-family".startswith(option):
            if not rest or rest.pop(0) not in ("inet", "inet6"):
                raise ToolFails("-family wants inet or inet6")
        elif any(known.startswith(option) for known in ("-stats", "-statistics")):
            answer.note("counters: ip -s tunnel show")
        elif not "-resolve".startswith(option):
            raise ToolFails(f"iptunnel has no option {option}")
    return rest


def _said(rest: list[str]) -> _Said:
    words, said = list(rest), _Said()
    while words:
        word = words.pop(0)
        if word in _FLAGS:
            if word not in said.flags:
                said.flags.append(word)
        elif word in _VALUES:
            if not words:
                raise ToolFails(f"{word} wants a value")
            if word == "mode" and "mode" in said.values:
                raise ToolFails("the mode is said twice")
            if word.endswith("key") and any(w.endswith("key") for w in said.values):
                raise NoEquivalent("more than one key: iptunnel takes the last of each")
            said.values[word] = _value(word, words.pop(0))
        elif said.name is None:
            if word in _NO_NAMES:
                raise NoEquivalent(f"iptunnel calls the tunnel {word!r}, which ip reads otherwise")
            said.name = device(word)
        else:
            raise ToolFails(f"iptunnel does not know {word!r} here")
    return said


def _check(said: _Said, answer: Answer) -> None:
    keyed = [w for w in said.values if w.endswith("key")]
    remote, local = said.values.get("remote", "any"), said.values.get("local", "any")
    multicast = remote not in _ANY and 224 <= int(remote.partition(".")[0]) < 240
    if said.mode in ("ipip", "sit") and keyed:
        raise ToolFails("keys are not allowed with ipip and sit")
    if "dev" in said.values:
        answer.device(said.values["dev"])
    if multicast and local in ("any", "0.0.0.0"):
        raise ToolFails("a broadcast tunnel wants a local address")


def _value(word: str, value: str) -> str:
    if word == "mode":
        if value not in _MODES:
            raise ToolFails(f"{value!r} is no mode of iptunnel")
        return value
    if word in ("remote", "local"):
        return _address(value)
    if word == "dev":
        return device(value)
    if word in ("ttl", "tos") and value == "inherit":
        return value
    if word.endswith("key") and "." in value:
        if word == "ikey":
            raise NoEquivalent("net-tools sets the output key for a dotted ikey (a bug of its own)")
        return _address(value)
    number = _number(value)
    if number is None or number > (255 if word in ("ttl", "tos") else 0x7FFFFFFF):
        raise ToolFails(f"{word} {value!r} is no number that iptunnel takes")
    # To ip a tos is hexadecimal, whether it says so or not.
    return f"{number:#04x}" if word == "tos" else str(number)


def _number(text: str) -> int | None:
    """A number as scan_number() in util-ank.c reads it: decimal, 0x1f or 017, and nothing else."""
    number, whole = strtoul(text)
    return number if whole and text[:1].isdigit() else None


def _address(text: str) -> str:
    """An address as get_addr_1() in util-ank.c reads it: ``10.1`` is 10.1.0.0."""
    if text in _ANY:
        return "any"
    parts = text.split(".")
    if not all(p.isascii() and p.isdigit() for p in parts) or len(parts) > 4:
        raise NoEquivalent(f"{text!r} is a name that iptunnel looks up: write the address")
    if any(int(p) > 255 for p in parts):
        raise NoEquivalent(f"{text!r} is no address, and iptunnel would take it for another one")
    return ".".join(str(int(p)) for p in [*parts, *["0"] * (4 - len(parts))])
