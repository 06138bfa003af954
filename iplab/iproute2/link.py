"""``ip link`` (ip-link(8); the order of comparisons: iproute2's ip/iplink.c)."""

from __future__ import annotations

from msgspec import Struct, field

from iplab import names
from iplab.errors import BadName
from iplab.iproute2 import linktype
from iplab.iproute2.address import select
from iplab.iproute2.reading import Cursor, Key, Keys, Known, Meaning, knows, looks, means
from iplab.operations import (
    ClearMaster,
    DeleteLink,
    MoveLink,
    Operation,
    RenameLink,
    SetDown,
    SetFlag,
    SetLladdr,
    SetMaster,
    SetMtu,
    SetQueueLength,
    SetUp,
)
from iplab.operations.setting import FLAGS

VERBS: Keys = (
    Key("add"),
    Key("set"),
    Key("change", full="set"),
    Key("replace"),
    Key("delete"),
    Key("property"),
    Key("show"),
    Key("lst", full="show"),
    Key("list", full="show"),
    Key("xstats"),
    Key("afstats"),
    Key("help"),
)
# iplink_parse: `ip link set` and `ip link add`, and a veth's `peer`, take the same words.
WORDS: Keys = (
    Key("up", exact=True, values=0),
    Key("down", exact=True, values=0),
    Key("name", exact=True),
    Key("index", exact=True),
    Key("link"),
    Key("address"),
    Key("broadcast"),
    Key("brd", exact=True, full="broadcast"),
    Key("txqueuelen"),
    Key("qlen", exact=True, full="txqueuelen"),
    Key("txqlen", full="txqueuelen"),
    Key("mtu", exact=True),
    Key("netns", exact=True),
    *(Key(n, exact=n != "allmulticast") for n in ("multicast", "allmulticast", "promisc")),
    *(Key(n, exact=True) for n in ("trailers", "arp", "carrier")),
    Key("master"),
    Key("vrf", exact=True),
    Key("nomaster", values=0),
    Key("dynamic"),
    Key("type"),
    Key("alias"),
    *(Key(n, exact=True) for n in ("group", "mode", "state")),
    Key("numtxqueues"),
    Key("numrxqueues"),
    Key("addrgenmode"),
    Key("link-netns"),
    Key("link-netnsid"),
    Key("protodown", exact=True),
    Key("dev", exact=True),
)


class Said(Struct):
    """What ``iplink_parse`` found, up to ``type``."""

    device: str = ""
    type: str = ""
    up: bool | None = None
    given: dict[str, str] = field(default_factory=dict)


def read(cursor: Cursor) -> Meaning:
    """What follows ``ip link``."""
    verb = cursor.verb(VERBS, "link", "show")
    match verb:
        case "add":
            return linktype.add(cursor, parse(cursor), parse)
        case "set":
            return _set(cursor, parse(cursor))
        case "delete":
            said = parse(cursor)
            while said.type and cursor.more:
                cursor.word("link.type-word")
            if said.given or said.up is not None:
                raise cursor.fail("only the device is said when it is deleted", 1)
            return means(DeleteLink(cursor.node, _device(cursor, said)))
        case "show" | "xstats" | "afstats":
            return looks("show.link", **select(cursor, "address"))
    raise cursor.fail(f"`ip link {verb}` is not something iplab reads", 1)


def parse(cursor: Cursor) -> Said:
    """The words up to ``type`` (or ``alias``, or the end)."""
    said = Said()
    while cursor.more:
        known = cursor.key(WORDS, "link")
        if known is None or known[0] == "dev":
            name = known[1] if known else cursor.word("link.dev")
            if said.device:
                raise cursor.fail(f"a second device: {name!r} (or no word of ip link)", 1)
            said.device = cursor.device(name)
            continue
        word, value = known
        match word:
            case "up" | "down":
                said.up = word == "up"
            case "type":
                said.type = value
                return said
            case _:
                if word in said.given:
                    raise cursor.fail(f"{word} is there twice", 1)
                said.given[word] = value
    return said


def _device(cursor: Cursor, said: Said) -> str:
    if not said.device:
        raise cursor.fail("the device is missing: dev DEV")
    return said.device


def _set(cursor: Cursor, said: Said) -> Meaning:
    if not said.device and "group" in said.given:
        switch = "" if said.up is None else "up" if said.up else "down"
        told = [word for word in said.given if word != "group"] + ([said.type] if said.type else [])
        if not switch and not told:
            raise cursor.fail("it does not say what to set for the devices of the group")
        while cursor.more:
            cursor.word("link.type-word")
        values = {"group": said.given["group"], "switch": switch, "words": ", ".join(told)}
        return knows("link.set-group", values | {"node": cursor.node})
    device = _device(cursor, said)
    for word in ("index", "link"):
        if word in said.given:
            raise cursor.fail(f"{word} is only for new devices", 1)
    before: list[Operation] = []
    known: list[Known] = []
    if said.type:
        linktype.check_type(cursor, said.type)
        before, known = linktype.options(cursor, said.type, device)
    after, more = changes(cursor, cursor.node, device, said)
    operations = (*before, *after)
    if not operations and not known and not more:
        raise cursor.fail("it does not say what to set")
    return means(*operations, known=[*known, *more])


def changes(
    cursor: Cursor, node: str, device: str, said: Said
) -> tuple[list[Operation], list[Known]]:
    """What the words come to for one device, in the order of do_setlink (net/core/rtnetlink.c)."""
    done: list[Operation] = []
    known: list[Known] = []
    given = said.given
    last = {"device": device, "name": given.get("name", device)}
    if "netns" in given:
        if given["netns"].isdigit():
            # In a namespace without a name: nothing that a network would know.
            told = [f"{word} {value}".strip() for word, value in given.items() if word != "netns"]
            told += [] if said.up is None else ["up" if said.up else "down"]
            values = last | {"pid": given["netns"], "words": ", ".join(told)}
            return [], [Known("link.netns-pid", values)]
        to = cursor.named_node(given["netns"])
        done.append(MoveLink(node, device, to))
        node = last["to"] = to
    if "address" in given:
        try:
            done.append(SetLladdr(node, device, names.lladdr(given["address"])))
        except BadName as error:
            raise cursor.fail(error.message, 1) from None
    if "mtu" in given:
        done.append(SetMtu(node, device, linktype.number(cursor, given["mtu"], 0, 2**31 - 1)))
    for word, value in given.items():
        if word in FLAGS:
            if value not in ("on", "off"):
                raise cursor.fail(f"{word} is on or off, not {value!r}", 1)
            done.append(SetFlag(node, device, word, value == "on"))
        elif word == "txqueuelen":
            length = linktype.number(cursor, value, 0, 2**31 - 1)
            done.append(SetQueueLength(node, device, length))
        elif word not in ("netns", "address", "mtu", "master", "nomaster", "name"):
            known.append(Known(f"link.set-{word}", last | {"value": value}))
    if "master" in given:
        done.append(SetMaster(node, device, cursor.device(given["master"])))
    elif "nomaster" in given:
        done.append(ClearMaster(node, device))
    if said.up is not None:
        done.append(SetUp(node, device) if said.up else SetDown(node, device))
    if "name" in given:  # the kernel does it earlier; behind the others they keep the old name
        done.append(RenameLink(node, device, cursor.device(given["name"])))
    return done, known
