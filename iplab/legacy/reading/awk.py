"""The awk that scripts use on an old tool's output: patterns, print, a few functions.

A small interpreter: rules ``PATTERN { ACTIONS }`` over lines, with fields, string comparison,
regular expressions, ``sub``, ``gsub``, ``split``, ``substr``, ``length``, ``if``, ``next`` and
``exit``.  No loops: it always ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from iplab.legacy.reading.regex import NotUnderstood, compiled

Value = str | float
Code = Callable[["_State"], Value]
Action = Callable[["_State"], None]

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<name>[A-Za-z_]\w*)
    |(?P<op>&&|\|\||==|!=|<=|>=|!~|\+\+|--|\+=|-=|[-+*/%(){}\[\],;<>~!?:=$\n]))""",
    re.X,
)


class _Next(Exception):
    pass


class _Exit(Exception):
    pass


@dataclass(slots=True)
class _State:
    line: str = ""
    fields: list[str] = field(default_factory=list)
    number: int = 0
    names: dict[str, Value] = field(default_factory=dict)
    arrays: dict[str, dict[str, Value]] = field(default_factory=dict)
    out: list[str] = field(default_factory=list)
    pending: str = ""
    separator: str = " "
    joiner: str = " "

    def take(self, line: str) -> None:
        self.line, self.fields = line, _split(line, self.separator)

    def get(self, index: int) -> str:
        if index == 0:
            return self.line
        return self.fields[index - 1] if index <= len(self.fields) else ""

    def put(self, index: int, value: str) -> None:
        if index == 0:
            self.take(value)
            return
        if index > 200:
            raise NotUnderstood("a field far out")
        self.fields += [""] * (index - len(self.fields))
        self.fields[index - 1] = value
        self.line = self.joiner.join(self.fields)


def run(words: list[str], lines: list[str]) -> tuple[list[str], int]:
    """``awk WORDS`` on ``lines``.  Raises ``NotUnderstood``."""
    state = _State()
    queue = list(words)
    program: str | None = None
    while queue:
        word = queue.pop(0)
        if word.startswith("-F"):
            state.separator = word[2:] or (queue.pop(0) if queue else " ")
        elif word == "-v" and queue:
            name, equals, value = queue.pop(0).partition("=")
            if not equals:
                raise NotUnderstood("awk -v")
            _set(state, name, value)
        elif program is None and not word.startswith("-"):
            program = word
        else:
            raise NotUnderstood(f"awk {word}")
    if program is None or len(program) > 600:
        raise NotUnderstood("awk without a program")
    rules = _Reader(program).rules()
    try:
        _go(state, [a for when, a in rules if when == "BEGIN"])
        if any(not isinstance(when, str) for when, _ in rules) or any(w == "END" for w, _ in rules):
            for number, line in enumerate(lines, 1):
                state.number = number
                state.take(line)
                try:
                    for when, action in rules:
                        if not isinstance(when, str) and _true(when(state)):
                            action(state)
                except _Next:
                    continue
    except _Exit:
        pass
    else:
        _go(state, [a for when, a in rules if when == "END"])
    if state.pending:
        state.out.append(state.pending)
    return state.out, 0


def _go(state: _State, actions: list[Action]) -> None:
    for action in actions:
        action(state)


def _split(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    if not line:
        return []
    if len(separator) == 1 and separator not in "\\|":
        return line.split(separator)
    if separator == "|":
        return line.split("|")
    return compiled(separator.replace("\\\\", "\\"), extended=True).split(line)


def _set(state: _State, name: str, value: Value) -> None:
    if name == "FS":
        state.separator = _text(value)
    elif name == "OFS":
        state.joiner = _text(value)
    elif name in ("NR", "NF", "RS", "ORS", "SUBSEP"):
        raise NotUnderstood(f"awk sets {name}")
    else:
        state.names[name] = value


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) else f"{value:.6g}"


def _number(value: Value) -> float:
    if not isinstance(value, str):
        return value
    found = re.match(r"\s*[-+]?\d+(\.\d+)?", value)
    return float(found[0]) if found else 0.0


def _true(value: Value) -> bool:
    if isinstance(value, str) and not re.fullmatch(r"\s*[-+]?\d+(\.\d+)?\s*", value):
        return value != ""
    return _number(value) != 0


def _compare(left: Value, right: Value, op: str) -> Value:
    numeric = all(
        not isinstance(v, str) or re.fullmatch(r"\s*[-+]?\d+(\.\d+)?\s*", v) for v in (left, right)
    )
    a: Value = _number(left) if numeric else _text(left)
    b: Value = _number(right) if numeric else _text(right)
    result = {
        "==": a == b,
        "!=": a != b,
        "<": a < b,  # type: ignore[operator]
        ">": a > b,  # type: ignore[operator]
        "<=": a <= b,  # type: ignore[operator]
        ">=": a >= b,  # type: ignore[operator]
    }[op]
    return float(result)


class _Reader:
    """A program's text as rules; a recursive descent over its tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    # -------------------------------------------------------- tokens

    def _peek(self) -> tuple[str, str]:
        while True:
            found = _TOKEN.match(self.text, self.at)
            gap = re.compile(r"[ \t]*(\\\n)?[ \t]*").match(self.text, self.at)
            if gap and gap.end() < len(self.text) and self.text[gap.end()] in "\n":
                return "op", "\n"
            if gap and gap.end() >= len(self.text):
                return "end", ""
            if found is None or found.lastgroup is None:
                raise NotUnderstood(f"{self.text[self.at : self.at + 9]} in awk")
            return found.lastgroup, found[found.lastgroup]

    def _next(self) -> tuple[str, str]:
        kind, text = self._peek()
        if text == "\n":
            self.at = self.text.index("\n", self.at) + 1
        else:
            found = _TOKEN.match(self.text, self.at)
            self.at = found.end() if found and kind != "end" else len(self.text)
        return kind, text

    def _is(self, text: str) -> bool:
        kind, found = self._peek()
        return kind in ("op", "name") and found == text

    def _accept(self, text: str) -> bool:
        if self._is(text):
            self._next()
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise NotUnderstood(f"no {text} in awk")

    def _skip(self) -> None:
        while self._is(";") or self._is("\n"):
            self._next()

    # -------------------------------------------------------- rules and statements

    def rules(self) -> list[tuple[Code | str, Action]]:
        found: list[tuple[Code | str, Action]] = []
        self._skip()
        while self._peek()[0] != "end":
            when: Code | str = lambda state: 1.0  # noqa: E731
            if self._is("BEGIN") or self._is("END"):
                when = self._next()[1]
            elif not self._is("{"):
                when = self._expression()
                if self._is(","):
                    raise NotUnderstood("a range in awk")
            action: Action = _print_line
            if self._is("{"):
                action = self._block()
            found.append((when, action))
            self._skip()
        return found

    def _block(self) -> Action:
        self._expect("{")
        actions: list[Action] = []
        self._skip()
        while not self._is("}"):
            actions.append(self._statement())
            self._skip()
        self._next()

        def block(state: _State) -> None:
            for action in actions:
                action(state)

        return block

    def _statement(self) -> Action:
        self.depth += 1
        if self.depth > 60:
            raise NotUnderstood("awk nested this deep")
        try:
            return self._one_statement()
        finally:
            self.depth -= 1

    def _one_statement(self) -> Action:
        if self._is("{"):
            return self._block()
        kind, text = self._peek()
        if kind == "name" and text in ("print", "printf"):
            self._next()
            return self._print(text)
        if kind == "name" and text in ("next", "exit"):
            self._next()
            ending = _Next if text == "next" else _Exit

            def leave(state: _State) -> None:
                raise ending

            return leave
        if kind == "name" and text == "if":
            return self._if()
        if kind == "name" and text in ("for", "while", "do", "getline", "delete", "return"):
            raise NotUnderstood(f"{text} in awk")
        code = self._expression()

        def evaluate(state: _State) -> None:
            code(state)

        return evaluate

    def _if(self) -> Action:
        self._next()
        self._expect("(")
        test = self._expression()
        self._expect(")")
        self._skip()
        yes = self._statement()
        mark = self.at
        self._skip()
        no: Action | None = None
        if self._accept("else"):
            self._skip()
            no = self._statement()
        else:
            self.at = mark

        def choose(state: _State) -> None:
            if _true(test(state)):
                yes(state)
            elif no is not None:
                no(state)

        return choose

    def _print(self, how: str) -> Action:
        parenthesis = self._is("(")
        mark = self.at
        codes: list[Code] = []
        if not any(self._is(end) for end in (";", "}", "\n")) and self._peek()[0] != "end":
            if parenthesis:
                # `print($1, $2)`; but `print ($1) "x"` is an expression.
                self._next()
                codes = self._list()
                if not self._accept(")") or not (
                    any(self._is(end) for end in (";", "}", "\n")) or self._peek()[0] == "end"
                ):
                    self.at, codes = mark, []
            codes = codes or self._list(no_greater=True)
        if self._is(">"):
            raise NotUnderstood("awk writes a file")
        if how == "printf":
            return lambda state: _printf(state, [code(state) for code in codes])

        def printing(state: _State) -> None:
            text = state.joiner.join(_text(c(state)) for c in codes) if codes else state.line
            state.out.append(state.pending + text)
            state.pending = ""

        return printing

    def _list(self, *, no_greater: bool = False) -> list[Code]:
        found = [self._expression(no_greater=no_greater)]
        while self._accept(","):
            found.append(self._expression(no_greater=no_greater))
        return found

    # -------------------------------------------------------- expressions, loosest first

    def _expression(self, *, no_greater: bool = False) -> Code:
        self.depth += 1
        if self.depth > 60:
            raise NotUnderstood("awk nested this deep")
        try:
            mark = self.at
            kind, name = self._peek()
            if kind == "name":
                self._next()
                if self._accept("="):
                    value = self._expression(no_greater=no_greater)

                    def assign(state: _State) -> Value:
                        result = value(state)
                        _set(state, name, result)
                        return result

                    return assign
                self.at = mark
            test = self._or(no_greater)
            if not self._accept("?"):
                return test
            yes = self._expression()
            self._expect(":")
            no = self._expression()
            return lambda state: yes(state) if _true(test(state)) else no(state)
        finally:
            self.depth -= 1

    def _or(self, ng: bool) -> Code:
        code = self._and(ng)
        while self._accept("||"):
            code = _either(code, self._and(ng))
        return code

    def _and(self, ng: bool) -> Code:
        code = self._match(ng)
        while self._accept("&&"):
            code = _both(code, self._match(ng))
        return code

    def _match(self, ng: bool) -> Code:
        code = self._comparison(ng)
        while self._is("~") or self._is("!~"):
            wanted = self._next()[1] == "~"
            pattern = self._pattern()
            code = _matching(code, pattern, wanted)
        return code

    def _pattern(self) -> Code:
        """What stands after ``~``: a regular expression, or a string that is one."""
        self._peek()
        if self._is("/"):
            text = self._regex()
            return lambda state: text
        return self._primary()

    def _regex(self) -> str:
        start = self.text.index("/", self.at) + 1
        at, bracket = start, False
        while at < len(self.text) and (self.text[at] != "/" or bracket):
            if self.text[at] == "\\":
                at += 1
            elif self.text[at] == "[":
                bracket = True
            elif self.text[at] == "]":
                bracket = False
            at += 1
        if at >= len(self.text):
            raise NotUnderstood("an open pattern in awk")
        self.at = at + 1
        return self.text[start:at].replace(r"\/", "/")

    def _comparison(self, ng: bool) -> Code:
        code = self._concatenation()
        for op in ("==", "!=", "<=", ">=", "<", *(() if ng else (">",))):
            if self._accept(op):
                return _comparing(code, self._concatenation(), op)
        return code

    def _concatenation(self) -> Code:
        parts = [self._sum()]
        while True:
            kind, text = self._peek()
            begins = kind in ("number", "string") or text in ("$", "(")
            if not begins and not (kind == "name" and text not in ("in", "else")):
                break
            parts.append(self._sum())
        if len(parts) == 1:
            return parts[0]
        return lambda state: "".join(_text(part(state)) for part in parts)

    def _sum(self) -> Code:
        code = self._primary()
        while any(self._is(op) for op in ("+", "-", "*", "%", "/")):
            op = self._next()[1]
            code = _arithmetic(code, self._primary(), op)
        return code

    def _primary(self) -> Code:
        if self._is("/"):
            text = self._regex()
            return lambda state: float(bool(compiled(text, extended=True).search(state.line)))
        kind, text = self._next()
        if kind == "number":
            return lambda state: float(text)
        if kind == "string":
            plain = _unescaped(text[1:-1])
            return lambda state: plain
        if text == "(":
            code = self._expression()
            self._expect(")")
            return code
        if text == "!":
            code = self._primary()
            return lambda state: float(not _true(code(state)))
        if text == "-":
            code = self._primary()
            return lambda state: -_number(code(state))
        if text == "$":
            return self._field()
        if kind == "name":
            return self._name(text)
        raise NotUnderstood(f"{text!r} in awk")

    def _field(self) -> Code:
        index = self._primary()
        code: Code = lambda state: state.get(_index(index(state)))  # noqa: E731
        if self._is("=") and not self._is("=="):
            self._next()
            value = self._expression()

            def put(state: _State) -> Value:
                result = _text(value(state))
                state.put(_index(index(state)), result)
                return result

            return put
        code.target = index  # type: ignore[attr-defined]
        return code

    def _name(self, name: str) -> Code:
        if name == "NR" or name == "FNR":
            return lambda state: float(state.number)
        if name == "NF":
            return lambda state: float(len(state.fields))
        if self._is("(") and name in _FUNCTIONS:
            self._next()
            if name in ("sub", "gsub", "split", "match"):
                return self._regex_function(name)
            codes = [] if self._is(")") else self._list()
            self._expect(")")
            return lambda state: _FUNCTIONS[name]([code(state) for code in codes])
        if name == "length":
            return lambda state: float(len(state.line))
        if self._accept("["):
            index = self._expression()
            self._expect("]")
            if self._is("="):
                raise NotUnderstood("an array in awk")
            return lambda state: state.arrays.get(name, {}).get(_text(index(state)), "")
        if self._is("(") or self._is("++") or self._is("--") or self._is("+="):
            raise NotUnderstood(f"{name} in awk")
        return lambda state: state.names.get(name, "")

    def _regex_function(self, name: str) -> Code:
        if name == "split":
            text = self._expression()
            self._expect(",")
            kind, array = self._next()
            mark: Code | None = self._pattern() if self._accept(",") else None
            self._expect(")")

            def split(state: _State) -> Value:
                how = _text(mark(state)) if mark is not None else state.separator
                parts = _split(_text(text(state)), how)
                state.arrays[array] = {str(i): part for i, part in enumerate(parts, 1)}
                return float(len(parts))

            return split
        if name == "match":
            raise NotUnderstood("match in awk")
        pattern = self._pattern()
        self._expect(",")
        new = self._expression()
        target: Code | None = None
        if self._accept(","):
            target = self._expression()
            if not hasattr(target, "target"):
                raise NotUnderstood(f"{name} on what is no field")
        self._expect(")")

        def substitute(state: _State) -> Value:
            index = _index(target.target(state)) if target is not None else 0  # type: ignore[attr-defined]
            found = compiled(_text(pattern(state)), extended=True)
            text = _text(new(state))
            if "&" in text or "\\" in text:
                raise NotUnderstood("& in awk")
            after, count = found.subn(
                lambda m: text, state.get(index), count=0 if name == "gsub" else 1
            )
            if count:
                state.put(index, after)
            return float(count)

        return substitute


def _unescaped(text: str) -> str:
    return re.sub(
        r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1] if m[1] in '"\\/' else m[0]), text
    )


def _index(value: Value) -> int:
    number = int(_number(value))
    if number < 0:
        raise NotUnderstood("a field before the first")
    return number


def _print_line(state: _State) -> None:
    state.out.append(state.pending + state.line)
    state.pending = ""


def _printf(state: _State, values: list[Value]) -> None:
    form, rest = _text(values[0]), values[1:]
    if re.sub(r"%[sd]", "", form).count("%"):
        raise NotUnderstood("a format in awk")
    for value in rest:
        shown = _text(value) if "%s" in form[: form.find("%") + 2] else str(int(_number(value)))
        form = re.sub(r"%[sd]", lambda m, shown=shown: shown, form, count=1)  # type: ignore[misc]
    *whole, last = (state.pending + form).split("\n")
    state.out += whole
    state.pending = last


def _either(a: Code, b: Code) -> Code:
    return lambda state: float(_true(a(state)) or _true(b(state)))


def _both(a: Code, b: Code) -> Code:
    return lambda state: float(_true(a(state)) and _true(b(state)))


def _matching(code: Code, pattern: Code, wanted: bool) -> Code:
    def match(state: _State) -> Value:
        found = compiled(_text(pattern(state)), extended=True).search(_text(code(state)))
        return float((found is not None) == wanted)

    return match


def _comparing(a: Code, b: Code, op: str) -> Code:
    return lambda state: _compare(a(state), b(state), op)


def _arithmetic(a: Code, b: Code, op: str) -> Code:
    def work(state: _State) -> Value:
        left, right = _number(a(state)), _number(b(state))
        if op in "/%" and right == 0:
            raise NotUnderstood("division by nothing in awk")
        return {
            "+": lambda: left + right,
            "-": lambda: left - right,
            "*": lambda: left * right,
            "/": lambda: left / right,
            "%": lambda: left % right,
        }[op]()

    return work


def _substr(values: list[Value]) -> Value:
    text, start = _text(values[0]), int(_number(values[1]))
    length = int(_number(values[2])) if len(values) > 2 else len(text)
    return text[max(0, start - 1) : max(0, start - 1 + length)]


_FUNCTIONS: dict[str, Callable[[list[Value]], Value]] = {
    "substr": _substr,
    "length": lambda values: float(len(_text(values[0]))),
    "index": lambda values: float(_text(values[0]).find(_text(values[1])) + 1),
    "toupper": lambda values: _text(values[0]).upper(),
    "tolower": lambda values: _text(values[0]).lower(),
    "sub": lambda values: "",
    "gsub": lambda values: "",
    "split": lambda values: "",
    "match": lambda values: "",
}
