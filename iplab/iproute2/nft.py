"""``nft`` (nft(8)) as iplab's templates word it: a table that masquerades.  Nothing else of it."""

from __future__ import annotations

import re

from iplab import names
from iplab.errors import BadName
from iplab.iproute2.reading import Cursor, Meaning
from iplab.operations import (
    AddMasquerade,
    AddNatChain,
    AddNatTable,
    DeleteNatChain,
    DeleteNatTable,
    FlushNatChain,
)
from iplab.operations.nat import OnTable

_TABLE = r"inet (?P<table>[A-Za-z0-9_.-]+)"
_FORMS: tuple[tuple[str, type[OnTable]], ...] = (
    (f"add table {_TABLE}", AddNatTable),
    (
        f"add chain {_TABLE} postrouting "
        r"\{ type nat hook postrouting priority (srcnat|100) ; \}",
        AddNatChain,
    ),
    (
        f"add rule {_TABLE} postrouting (?P<family>ip6?) saddr (?P<source>[0-9a-f:./]+) "
        r"((?P=family) daddr != (?P=source)(?<!/0)|(?<=/0 )oifname != lo) masquerade",
        AddMasquerade,
    ),
    (f"flush chain {_TABLE} postrouting", FlushNatChain),
    (f"delete chain {_TABLE} postrouting", DeleteNatChain),
    (f"delete table {_TABLE}", DeleteNatTable),
)


def read(cursor: Cursor) -> Meaning:
    """``nft add table …`` and the like; nft joins its words with blanks, and so does this."""
    cursor.note(1, "program.nft")
    text = " ".join(re.sub(r"([{};])", r" \1 ", " ".join(cursor.rest())).split())
    for pattern, operation in _FORMS:
        found = re.fullmatch(pattern, text)
        if not found:
            continue
        if operation is not AddMasquerade:
            _note(cursor)
            return Meaning((operation(cursor.node, found["table"]),))
        try:
            source = names.prefix(found["source"])
        except BadName as error:
            raise cursor.fail(error.message) from None
        _note(cursor)
        return Meaning((AddMasquerade(cursor.node, found["table"], source),))
    raise cursor.fail("of nft, iplab reads only the commands it writes itself (masquerading)")


def _note(cursor: Cursor) -> None:
    """``add chain`` | ``inet TABLE`` | ``postrouting`` | the rest."""
    cursor.note(2, f"nft.{cursor.peek()}-{cursor.rest()[1]}")
    cursor.note(2, "nft.table", value=cursor.rest()[1])
    if cursor.more:
        cursor.note(1, "nft.chain")
    if cursor.more:
        topic = "nft.hook" if "hook" in " ".join(cursor.rest()) else "nft.rule"
        cursor.note(len(cursor.rest()), topic)
