"""``ifconfig $interface $ip $BROADCAST $NETMASK``: variables that hold two words, or nothing.

So the scripts of BusyBox's DHCP client have it: ``[ -n "$subnet" ] && NETMASK="netmask $subnet"``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from iplab.legacy.holes import Filled
from iplab.legacy.shell import Piece, Word
from iplab.legacy.variables import Variables

Source = Callable[[Piece], str]


class Spelled(Struct, frozen=True):
    """A command's words with such variables spelled out, and how each is written from then on.

    The new command goes on naming the script's own variables, so none of them is left unused.
    ``broadcasts``: how the value behind ``brd`` is written → what stands for both words.
    """

    words: tuple[Word, ...]
    written: dict[Piece, str]
    broadcasts: dict[str, str]
    notes: tuple[str, ...]

    def source(self, source: Source) -> Source:
        """The text of an expansion as it will stand in the new script."""
        return lambda piece: self.written.get(piece) or source(piece)

    def noted(self, filled: Filled) -> Filled:
        """The translation with what was assumed."""
        if not self.notes or filled.translation.reason is not None:
            return filled
        said = filled.translation
        return Filled(
            replace(
                said,
                exact=False,
                notes=(*self.notes, *said.notes),
                commands=tuple(self._both_words(argv) for argv in said.commands),
            ),
            tuple(self._both_words(argv) for argv in filled.shell),
        )

    def _both_words(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        out = list(argv)
        for at in range(len(out) - 2, -1, -1):
            both = self.broadcasts.get(out[at + 1].strip('"'))
            if out[at] == "brd" and both is not None:
                out[at : at + 2] = [both]
        return tuple(out)


def spell_out(words: Sequence[Word], variables: Variables) -> Spelled:
    """The words of an ifconfig line; of any other they stay as they are."""
    found: list[Word] = []
    written: dict[Piece, str] = {}
    broadcasts: dict[str, str] = {}
    notes: list[str] = []
    for word in words:
        piece = word.pieces[0] if len(word.pieces) == 1 else None
        phrase = None
        if piece is not None and not piece.quoted and words[0].value == "ifconfig":
            phrase = variables.phrase(piece.name, word.start)
        if phrase is None or piece is None:
            found.append(word)
            continue
        keyword, inner = phrase
        found.append(Word(word.start, word.end, (Piece(keyword, True),)))
        found.append(Word(word.start, word.end, (inner,)))
        written[inner] = f"${{{piece.name}#{keyword} }}"
        if keyword == "broadcast":
            # ip knows the word too; where there is none, it is to work it out as ifconfig does.
            broadcasts[written[inner]] = f"${{{piece.name}:-broadcast +}}"
            notes.append(f"takes {piece.text} as `broadcast {inner.text}`, or as nothing")
        else:
            notes.append(
                f"takes {piece.text} as `netmask {inner.text}`, which it is given; without it "
                "ifconfig takes the mask of the address's class"
            )
    return Spelled(tuple(found), written, broadcasts, tuple(notes))
