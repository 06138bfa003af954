"""``tc qdisc`` (tc(8), tc-tbf(8), tc-netem(8)) as far as iplab words it; the rest is only known."""

from __future__ import annotations

from iplab.errors import BadName
from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, NotKnown, knows, looks, means
from iplab.lab import words
from iplab.network import Shaping
from iplab.operations import ClearShaping, SetShaping

# The order of do_cmd in tc/tc.c and do_qdisc in tc/tc_qdisc.c.
OBJECTS: Keys = tuple(Key(n, values=0) for n in ("qdisc", "class", "filter", "chain", "actions"))
VERBS: Keys = (
    Key("list", full="show"),
    Key("show"),
    Key("lst", full="show"),
    Key("add"),
    Key("change"),
    Key("replace"),
    Key("link"),
    Key("delete"),
    Key("help"),
)
WHERE: Keys = (
    Key("dev", exact=True),
    Key("handle", exact=True),
    Key("root", exact=True, values=0),
    Key("ingress", exact=True, values=0),
    Key("clsact", exact=True, values=0),
    Key("parent", exact=True),
)
_LATENCY = "50ms"  # the one word of a tbf that iplab's templates always write


def read(cursor: Cursor) -> Meaning:
    """What follows ``tc`` and its options."""
    key = next((k for k in OBJECTS if cursor.more and k.fits(cursor.peek())), None)
    if key is None or key.name != "qdisc":
        raise cursor.fail("of tc, iplab reads only `tc qdisc`")
    cursor.note(1, "object.qdisc", ("qdisc",))
    verb = cursor.verb(VERBS, "qdisc", "show")
    given: dict[str, str] = {}
    while known := cursor.key(WHERE, "qdisc"):
        given[known[0]] = known[1]
    if verb == "show":
        return looks("show.qdisc", device=given.get("dev", ""))
    if verb == "help":
        raise cursor.fail("`tc qdisc help` is not something iplab reads", 1)
    if "dev" not in given:
        raise cursor.fail("the device is missing: dev DEV")
    device = cursor.device(given["dev"])
    at_root = "root" in given
    if verb == "delete" and at_root and not cursor.more:
        return means(ClearShaping(cursor.node, device))
    said = cursor.rest()
    if at_root and verb in ("add", "replace"):
        shaping = _shaping(cursor)
        if shaping is not None:
            return means(SetShaping(cursor.node, device, shaping))
    while cursor.more:
        cursor.word("qdisc.word")
    where = next((word for word in ("root", "ingress", "clsact") if word in given), "")
    if "parent" in given:
        where = f"parent {given['parent']}"
    told = " ".join(said) or where
    values = {"device": device, "words": told, "verb": verb, "where": where, "node": cursor.node}
    return knows("qdisc.other", values)


def _shaping(cursor: Cursor) -> Shaping | None:
    """The shaping as iplab words it; ``None``, and nothing read, where it is another."""
    start, parts = cursor.position, len(cursor.parts)
    try:
        kind = cursor.peek()
        if kind in ("tbf", "netem"):
            cursor.note(1, f"qdisc.{kind}")
            found = (_tbf if kind == "tbf" else _netem)(cursor)
            if found is not None and not cursor.more:
                return found
    except (NotKnown, BadName):
        pass
    cursor.position = start
    del cursor.parts[parts:]
    return None


def _tbf(cursor: Cursor) -> Shaping | None:
    given = {}
    keys = (Key("limit"), Key("latency"), Key("burst"), Key("rate", exact=True))
    while known := cursor.key(keys, "tbf"):
        given[known[0]] = known[1]
    if set(given) != {"rate", "burst", "latency"}:
        return None
    shaping = Shaping(rate=words.rate(given["rate"]))
    fits = given["burst"] == str(shaping.burst) and given["latency"] == _LATENCY
    return shaping if fits else None


def _netem(cursor: Cursor) -> Shaping | None:
    rate = delay = jitter = loss = None
    while cursor.more:
        known = cursor.key((Key("delay"), Key("loss"), Key("rate")), "netem")
        if known is None:
            return None
        match known:
            case ("delay", text):
                delay = words.duration(text)
                if cursor.peek()[:1].isdigit():
                    jitter = words.duration(cursor.word("netem.jitter"))
            case ("loss", text):
                loss = words.loss(text)
            case (_, text):
                rate = words.rate(text)
    return Shaping(rate, delay, jitter, loss)
