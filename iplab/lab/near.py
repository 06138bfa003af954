"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Iterable

# Comparing a word with thousands is slow, and a list of thousands is no help.
_MAX_CANDIDATES = 500


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``word`` was probably meant to be, if one is near."""
    from difflib import get_close_matches  # only where a word is wrong

    if len(word) > 63:
        return None
    lowered = {c.lower(): c for c in candidates}
    close = [c for c in lowered if abs(len(c) - len(word)) <= 3][:_MAX_CANDIDATES]
    found = get_close_matches(word.lower(), close, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint, or nothing."""
    found = nearest(word, candidates)
    return f"did you mean {found!r}?" if found and found != word else ""
