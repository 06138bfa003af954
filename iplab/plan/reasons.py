"""Why an operation is needed, for people: a text of the message file ``reasons``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from iplab.messages import Messages


class Reason(Struct, frozen=True):
    """A text's key and what fills it in.  ``str`` of it is English."""

    key: str
    values: tuple[tuple[str, object], ...]

    def __str__(self) -> str:
        from iplab.messages import Messages  # most plans are run without being read

        return self.said(Messages("en"))

    def said(self, messages: Messages) -> str:
        """The reason in the language of ``messages``."""
        text = messages.find("reasons", "reasons", self.key, dict(self.values))
        assert text is not None, self.key
        return text


def because(key: str, /, **values: object) -> Reason:
    """The reason with that key."""
    return Reason(key, tuple(values.items()))
