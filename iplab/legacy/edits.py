"""Changes to a text as (span, replacement): collected first, then spliced; the rest stays."""

from __future__ import annotations

from msgspec import Struct, field


class Edit(Struct, frozen=True):
    """``text`` in place of the bytes from ``start`` to ``end``."""

    start: int
    end: int
    text: bytes


class Edits(Struct):
    """Changes to one text.  A later edit that encloses earlier ones takes their place."""

    source: bytes
    made: list[Edit] = field(default_factory=list)

    def replace(self, start: int, end: int, text: str) -> None:
        """Put ``text`` in place of a span.  Raises ``ValueError`` where it would cut an edit."""
        # Only the last few can be inside: edits come in the order of their ends.
        while self.made and self.made[-1].start >= start and self.made[-1].end <= end:
            self.made.pop()
        if self.made and self.made[-1].end > start:
            raise ValueError("two edits overlap")
        self.made.append(Edit(start, end, text.encode("utf-8", "surrogateescape")))

    def insert(self, start: int, end: int, text: bytes) -> None:
        """Replace a span that stands before some of the others, and encloses none."""
        self.made.append(Edit(start, end, text))
        self.made.sort(key=lambda edit: edit.end)

    def span(self, start: int, end: int) -> bytes:
        """The bytes of a span as they will be."""
        parts: list[bytes] = []
        at = end
        for edit in reversed(self.made):
            if edit.end <= start:
                break
            if start <= edit.start and edit.end <= at:
                parts += [self.source[edit.end : at], edit.text]
                at = edit.start
        parts.append(self.source[start:at])
        return b"".join(reversed(parts))

    def text(self, start: int, end: int) -> str:
        """``span``, decoded; bytes that are not UTF-8 survive the way back."""
        return self.span(start, end).decode("utf-8", "surrogateescape")

    def result(self) -> bytes:
        """The whole text as it will be."""
        return self.span(0, len(self.source))
