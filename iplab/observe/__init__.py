"""``ip -j`` text → Network.  Pure: what was asked for and how is ``iplab.run.look``'s matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec

from iplab.errors import IplabError
from iplab.network import Network
from iplab.observe.nft import nat_table
from iplab.observe.qdisc import KERNELS_OWN
from iplab.observe.routes import asked_for, every_route
from iplab.observe.seen import Seen
from iplab.observe.wires import ambiguous, wire
from iplab.observe.words import Object

__all__ = [
    "KERNELS_OWN",
    "QUESTIONS",
    "Object",
    "Seen",
    "ambiguous",
    "asked_for",
    "documents",
    "every_route",
    "known_form",
    "nat_table",
    "network",
    "read",
]

# What each namespace is asked, as lines for `ip -j -d -batch -`.
QUESTIONS = (("addr", "show"), ("route", "show", "table", "all"))


def documents(text: str, what: str) -> list[list[Object]]:
    """The JSON lists in ``text``, one for each command of a batch.

    Raises ``IplabError`` where the text is no such thing.
    """
    try:
        # `ip -j` prints {} for what it filtered out.
        return [[o for o in one if o] for one in _LISTS.decode_lines(text)]
    except (msgspec.DecodeError, RecursionError) as error:
        raise IplabError(f"{what} answered with something that cannot be read: {error}") from error


_LISTS = msgspec.json.Decoder(list[Object])


def network(seen: Iterable[Seen]) -> Network:
    """The namespaces that were read, with the ends of each veth pair found."""
    every = list(seen)
    with known_form():
        return wire(Network({s.name: s.namespace for s in every}), every)


def read(seen: Seen) -> Seen:
    """The same, with the work of reading it done: there may be time for that now."""
    with known_form():
        _ = seen.namespace  # worked out when first asked for, and kept
    return seen


@contextmanager
def known_form() -> Iterator[None]:
    """Where objects of another form than ``ip -j`` prints are ``IplabError``."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise IplabError(f"`ip -j` answered in a form iplab does not know: {error!r}") from error
