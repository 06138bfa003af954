"""Reading: what the words of a command come to, and the cursor that reads them.

iproute2 takes keywords abbreviated; which one an abbreviation means is decided by the order of the
comparisons in its source.  So each place that takes keywords is a tuple of ``Key`` in that order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from iplab import names
from iplab.errors import BadName
from iplab.names import HOST
from iplab.operations import Operation


class Part(Struct, frozen=True):
    """Some words of a command that belong together: a keyword with its value, say.

    ``written`` is as typed, ``full`` written out; ``topic`` names what it is (the key of its
    explanation), ``value`` the value it carries.
    """

    written: tuple[str, ...]
    full: tuple[str, ...]
    topic: str
    value: str = ""


class Known(Struct, frozen=True):
    """A command whose meaning is known but which is no operation of a plan.

    ``topic`` is its kind (``address.replace``), ``values`` what an explanation speaks of; ``like``
    are the operations that do the same where nothing of it is there yet.  ``changes`` is false for
    those that only look.
    """

    topic: str
    values: Mapping[str, str] = field(default_factory=dict)
    like: tuple[Operation, ...] = ()
    changes: bool = True


class NotKnown(Exception):
    """A word that iplab does not know, or that iproute2 would refuse; ``position`` is its place."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


class Reading(Struct, frozen=True):
    """What a command comes to.

    ``operations`` in the order in which the kernel does them; ``known`` is what is understood
    beside them.  ``unknown`` says what is not known, and then the other two hold nothing.  ``node``
    is the namespace the command works on; ``full`` is the command written out.
    """

    argv: tuple[str, ...]
    node: str
    parts: tuple[Part, ...]
    operations: tuple[Operation, ...] = ()
    known: tuple[Known, ...] = ()
    unknown: str = ""

    @property
    def full(self) -> tuple[str, ...]:
        """Every abbreviation written out; what could not be read stays as it is."""
        read = sum(len(part.written) for part in self.parts)
        return (*(w for part in self.parts for w in part.full), *self.argv[read:])


class Meaning(Struct, frozen=True):
    """What the words after the object come to."""

    operations: tuple[Operation, ...] = ()
    known: tuple[Known, ...] = ()


def means(*operations: Operation, known: Sequence[Known] = ()) -> Meaning:
    """A ``Meaning`` of operations, and what is known beside them."""
    return Meaning(operations, tuple(known))


def knows(
    topic: str, values: Mapping[str, str] | None = None, like: tuple[Operation, ...] = ()
) -> Meaning:
    """A ``Meaning`` that is no operation."""
    return Meaning(known=(Known(topic, values or {}, like),))


def looks(topic: str, **values: str) -> Meaning:
    """A ``Meaning`` that changes nothing."""
    return Meaning(known=(Known(topic, values, changes=False),))


def padded(text: str) -> str:
    """A short IPv4 address or prefix as iproute2 fills it up: 10.1/16 is 10.1.0.0/16
    (get_addr_ipv4 in lib/utils.c); anything else as it is."""
    address, slash, length = text.partition("/")
    if not _SHORT.fullmatch(address):
        return text
    return address + ".0" * (3 - address.count(".")) + slash + length


_SHORT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}")


class Key(Struct, frozen=True):
    """A keyword: its name, whether it must be written whole (``strcmp`` and not ``matches``), how
    many values follow, and the name it is explained under where that is another (``brd``)."""

    name: str
    exact: bool = False
    values: int = 1
    full: str = ""

    def fits(self, word: str) -> bool:
        """Whether iproute2 takes ``word`` for this keyword (``matches`` in lib/utils.c)."""
        return word == self.name if self.exact else bool(word) and self.name.startswith(word)

    @property
    def means(self) -> str:
        """The name it is known by."""
        return self.full or self.name


Keys = tuple[Key, ...]


def flags(*keys: str) -> Keys:
    """Keywords without a value, that may be abbreviated."""
    return tuple(Key(name, values=0) for name in keys)


class Cursor(Struct):
    """Reads words from left to right and notes what each was.

    ``node`` is where the command works, ``family`` 4 or 6 where ``-4`` or ``-6`` said so.
    """

    argv: tuple[str, ...]
    position: int = 0
    parts: list[Part] = field(default_factory=list)
    node: str = HOST
    family: int | None = None
    options: set[str] = field(default_factory=set)

    @property
    def more(self) -> bool:
        """Whether there are words left."""
        return self.position < len(self.argv)

    def peek(self) -> str:
        """The next word; '' at the end."""
        return self.argv[self.position] if self.more else ""

    def rest(self) -> tuple[str, ...]:
        """All words that are left."""
        return self.argv[self.position :]

    def fail(self, reason: str, back: int = 0) -> NotKnown:
        """The error about the next word (or one ``back`` words ago)."""
        return NotKnown(reason, self.position - back)

    def note(self, count: int, topic: str, full: Sequence[str] = (), value: str = "") -> None:
        """Read ``count`` words as one part."""
        written = self.argv[self.position : self.position + count]
        self.parts.append(Part(written, tuple(full) or written, topic, value))
        self.position += count

    def word(self, topic: str, what: str = "a word") -> str:
        """The next word as a value of its own."""
        if not self.more:
            raise self.fail(f"the command ends where {what} should stand")
        found = self.peek()
        self.note(1, topic, value=found)
        return found

    def verb(self, keys: Keys, area: str, missing: str) -> str:
        """The verb (``add``, ``set`` …) written out, or ``missing`` where there is none."""
        if not self.more:
            return missing
        for key in keys:
            if key.fits(self.peek()):
                self.note(1, f"{area}.{key.means}", (key.means,))
                return key.means
        raise self.fail(f"{self.peek()!r} is no command of `ip {area}`")

    def key(self, keys: Keys, area: str) -> tuple[str, str] | None:
        """The next keyword with its value, ``None`` where the next word is no keyword."""
        for key in keys:
            if key.fits(self.peek()):
                values = self.argv[self.position + 1 : self.position + 1 + key.values]
                if len(values) < key.values:
                    raise self.fail(f"{key.means!r} needs a value behind it")
                self.note(
                    1 + key.values, f"{area}.{key.means}", (key.means, *values), " ".join(values)
                )
                return key.means, " ".join(values)
        return None

    def device(self, text: str, back: int = 1) -> str:
        """``text`` as the name of a device, ``lo`` among them."""
        try:
            return text if text == "lo" else names.device(text)
        except BadName as error:
            raise self.fail(error.message, back) from None

    def named_node(self, text: str, back: int = 1) -> str:
        """``text`` as the name of a namespace."""
        try:
            return names.node(text)
        except BadName as error:
            raise self.fail(error.message, back) from None
