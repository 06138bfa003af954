"""The words of explanations: message files in ``templates/words/LANGUAGE/``, one text a key."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2

from iplab.errors import UsageError
from iplab.names import HOST
from iplab.templates import templates_dir

LANGUAGES = ("en", "zh-TW")
FILES = ("operations", "known", "words", "output", "page", "walk", "reasons")


def language(asked: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """The language to speak: what was asked for, else what the locale says, else English.

    Raises ``UsageError`` where a language is asked for that iplab does not speak.
    """
    if asked:
        found = _known(asked)
        if found is None:
            raise UsageError(f"no language {asked!r}", hint=f"--lang {' or '.join(LANGUAGES)}")
        return found
    # The order of setlocale(3).
    names = (environment.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return _known(next((name for name in names if name), "")) or "en"


def _known(name: str) -> str | None:
    word = name.partition(".")[0].replace("_", "-").lower()
    if word in ("zh-tw", "zh-hk", "zh-mo", "zh-hant", "zh-hant-tw"):
        return "zh-TW"
    return "en" if word.partition("-")[0] == "en" else None


@cache
def texts(lang: str, file: str) -> dict[str, Any]:
    """A message file as it is written: its areas with their keys."""
    path = templates_dir() / "words" / lang / f"{file}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


_SEAM = re.compile(r"(?<=[一-鿿])(?=[A-Za-z0-9`])|(?<=[A-Za-z0-9`])(?=[一-鿿])")
_environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
_template = cache(_environment.from_string)


class Messages:
    """The texts of one language, filled in with values."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def find(self, file: str, area: str, key: str, values: Mapping[str, Any]) -> str | None:
        """A text, ``None`` where there is none under that key."""
        text = texts(self.lang, file).get(area, {}).get(key)
        if text is None:
            return None
        helpers = {"place": self.place, "at": self.at(str(values.get("node", HOST)))}
        return self._said(text, helpers | dict(values))

    def page(self, key: str, **values: str) -> str:
        """One of the words around an explanation."""
        return self._said(texts(self.lang, "page")[key], values)

    def _said(self, text: str, values: Mapping[str, Any]) -> str:
        filled = _template(text).render(values)
        # Between Chinese and Latin letters stands a blank, which a text with holes cannot foresee.
        return _SEAM.sub(" ", filled) if self.lang == "zh-TW" else filled

    def place(self, node: str) -> str:
        """``the host``, or a node's name."""
        return self.page("host") if node == HOST else node

    def at(self, node: str) -> str:
        """``on the host``, ``in ns1``."""
        return self.page("on_host") if node == HOST else self.page("in_node", node=node)
