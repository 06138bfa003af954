"""The sed that scripts use on an old tool's output: addresses, s, p, d, q."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct, field

from iplab.legacy.reading.regex import NotUnderstood, compiled

Pattern = re.Pattern[str]
Test = Callable[[str, int, bool], bool]


class _Order(Struct):
    """One command: where it works, and what it does."""

    name: str
    first: Test | None = None
    last: Test | None = None
    negated: bool = False
    pattern: Pattern | None = None
    new: str = ""
    everywhere: bool = False
    printing: bool = False
    inside: list[_Order] = field(default_factory=list)
    in_range: bool = False


def run(words: list[str], lines: list[str]) -> tuple[list[str], int]:
    """``sed WORDS`` on ``lines``.  Raises ``NotUnderstood``."""
    quiet = extended = False
    scripts: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if re.fullmatch(r"-[nrE]*e?", word) and word != "-":
            quiet = quiet or "n" in word
            extended = extended or "r" in word or "E" in word
            if word.endswith("e"):
                if not queue:
                    raise NotUnderstood("sed -e without a script")
                scripts.append(queue.pop(0))
        elif not scripts and not word.startswith("-"):
            scripts.append(word)
        else:
            raise NotUnderstood(f"sed {word}")
    reader = _Reader("\n".join(scripts), extended)
    orders = reader.orders()
    out: list[str] = []
    for number, line in enumerate(lines, 1):
        text, deleted, ended, printed = _apply(orders, line, number, number == len(lines))
        out += printed
        if not deleted and not quiet:
            out.append(text)
        if ended:
            break
    return out, 0


def _apply(
    orders: list[_Order], text: str, number: int, is_last: bool
) -> tuple[str, bool, bool, list[str]]:
    printed: list[str] = []
    for order in orders:
        if _applies(order, text, number, is_last) == order.negated:
            continue
        if order.name == "d":
            return text, True, False, printed
        if order.name == "p":
            printed.append(text)
        elif order.name == "q":
            return text, False, True, printed
        elif order.name == "{":
            text, deleted, ended, more = _apply(order.inside, text, number, is_last)
            printed += more
            if deleted or ended:
                return text, deleted, ended, printed
        else:
            assert order.pattern is not None
            new = order.new
            after, count = order.pattern.subn(
                lambda m, new=new: _expanded(m, new),
                text,
                count=0 if order.everywhere else 1,
            )
            if count:
                text = after
                if order.printing:
                    printed.append(text)
    return text, False, False, printed


def _applies(order: _Order, text: str, number: int, is_last: bool) -> bool:
    if order.first is None:
        return True
    if order.last is None:
        return order.first(text, number, is_last)
    if order.in_range:
        if order.last(text, number, is_last):
            order.in_range = False
        return True
    if order.first(text, number, is_last):
        order.in_range = True
        return True
    return False


def _expanded(match: re.Match[str], new: str) -> str:
    def one(part: re.Match[str]) -> str:
        if part[0] == "&":
            return match[0]
        if part[1].isdigit():
            return match[int(part[1])] or ""
        return {"n": "\n", "t": "\t"}.get(part[1], part[1])

    try:
        return re.sub(r"&|\\(.)", one, new, flags=re.S)
    except IndexError as error:
        raise NotUnderstood("a group that is not there") from error


class _Reader:
    def __init__(self, text: str, extended: bool) -> None:
        self.text = text
        self.at = 0
        self.extended = extended

    def orders(self, *, nested: bool = False) -> list[_Order]:
        found: list[_Order] = []
        while True:
            self._skip(" \t\n;")
            if self.at >= len(self.text):
                if nested:
                    raise NotUnderstood("an open brace in sed")
                return found
            if nested and self.text[self.at] == "}":
                self.at += 1
                return found
            found.append(self._order())

    def _order(self) -> _Order:
        order = _Order("", self._address())
        self._skip(" \t")
        if order.first is not None and self._peek() == ",":
            self.at += 1
            self._skip(" \t")
            order.last = self._address()
            if order.last is None:
                raise NotUnderstood("half a range in sed")
            self._skip(" \t")
        if self._peek() == "!":
            order.negated, self.at = True, self.at + 1
            self._skip(" \t")
        order.name = self._peek()
        self.at += 1
        if order.name == "{":
            order.inside = self.orders(nested=True)
        elif order.name == "s":
            self._substitution(order)
        elif order.name not in ("p", "d", "q"):
            raise NotUnderstood(f"{order.name or 'nothing'} in sed")
        return order

    def _substitution(self, order: _Order) -> None:
        mark = self._peek()
        if not mark or mark in "\\\n":
            raise NotUnderstood("s without a delimiter")
        self.at += 1
        pattern, new = self._until(mark), self._until(mark, pattern=False)
        flags = re.match(r"[gpIi]*", self.text[self.at :])
        letters = flags[0] if flags else ""
        self.at += len(letters)
        if self._peek() not in ("", " ", "\t", "\n", ";", "}"):
            raise NotUnderstood("flags of s")
        order.pattern = self._compiled(pattern, letters)
        order.new, order.everywhere, order.printing = new, "g" in letters, "p" in letters

    def _compiled(self, pattern: str, letters: str = "") -> Pattern:
        if not pattern:
            raise NotUnderstood("an empty pattern")
        flags = re.IGNORECASE if "i" in letters.lower() else 0
        return compiled(pattern, extended=self.extended, flags=flags)

    def _address(self) -> Test | None:
        char = self._peek()
        if char == "$":
            self.at += 1
            return lambda text, number, is_last: is_last
        if char.isdigit():
            digits = re.match(r"\d{1,6}", self.text[self.at :])
            assert digits
            self.at += digits.end()
            wanted = int(digits[0])
            return lambda text, number, is_last: number == wanted
        if char == "/":
            self.at += 1
            pattern = self._compiled(self._until("/"))
            return lambda text, number, is_last: pattern.search(text) is not None
        return None

    def _until(self, mark: str, *, pattern: bool = True) -> str:
        out = ""
        in_bracket = False
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\" and self.at + 1 < len(self.text):
                following = self.text[self.at + 1]
                out += following if following == mark else char + following
                self.at += 2
                continue
            if pattern and char == "[":
                in_bracket = True
            elif char == "]" and out[-1:] not in ("[", "^"):
                in_bracket = False
            if char == mark and not (in_bracket and pattern):
                self.at += 1
                return out
            out += char
            self.at += 1
        raise NotUnderstood("an open s in sed")

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip(self, chars: str) -> None:
        while self.at < len(self.text) and self.text[self.at] in chars:
            self.at += 1
