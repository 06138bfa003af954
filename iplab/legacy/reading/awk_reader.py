"""awk programs read: a recursive descent from their text to functions that do what they say."""

from __future__ import annotations

import re

from iplab.legacy.reading.awk_values import (
    ARGUMENTS,
    FUNCTIONS,
    Action,
    Code,
    Exit,
    Next,
    State,
    Value,
    arithmetic,
    as_number,
    as_text,
    both,
    comparing,
    either,
    field_index,
    is_true,
    matching,
    print_formatted,
    print_line,
    set_name,
    split_fields,
    unescaped,
)
from iplab.legacy.reading.regex import NotUnderstood, compiled

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<name>[A-Za-z_]\w*)
    |(?P<op>&&|\|\||==|!=|<=|>=|!~|\+\+|--|\+=|-=|[-+*/%(){}\[\],;<>~!?:=$\n]))""",
    re.X,
)


class Reader:
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
            action: Action = print_line
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

        def block(state: State) -> None:
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
            ending = Next if text == "next" else Exit

            def leave(state: State) -> None:
                raise ending

            return leave
        if kind == "name" and text == "if":
            return self._if()
        if kind == "name" and text in ("for", "while", "do", "getline", "delete", "return"):
            raise NotUnderstood(f"{text} in awk")
        code = self._expression()

        def evaluate(state: State) -> None:
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

        def choose(state: State) -> None:
            if is_true(test(state)):
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
            if not codes:
                raise NotUnderstood("printf without a format in awk")
            return lambda state: print_formatted(state, [code(state) for code in codes])

        def printing(state: State) -> None:
            text = state.joiner.join(as_text(c(state)) for c in codes) if codes else state.line
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

                    def assign(state: State) -> Value:
                        result = value(state)
                        set_name(state, name, result)
                        return result

                    return assign
                self.at = mark
            test = self._or(no_greater)
            if not self._accept("?"):
                return test
            yes = self._expression()
            self._expect(":")
            no = self._expression()
            return lambda state: yes(state) if is_true(test(state)) else no(state)
        finally:
            self.depth -= 1

    def _or(self, ng: bool) -> Code:
        code = self._and(ng)
        while self._accept("||"):
            code = either(code, self._and(ng))
        return code

    def _and(self, ng: bool) -> Code:
        code = self._match(ng)
        while self._accept("&&"):
            code = both(code, self._match(ng))
        return code

    def _match(self, ng: bool) -> Code:
        code = self._comparison(ng)
        while self._is("~") or self._is("!~"):
            wanted = self._next()[1] == "~"
            pattern = self._pattern()
            code = matching(code, pattern, wanted)
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
                return comparing(code, self._concatenation(), op)
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
        return lambda state: "".join(as_text(part(state)) for part in parts)

    def _sum(self) -> Code:
        code = self._primary()
        while any(self._is(op) for op in ("+", "-", "*", "%", "/")):
            op = self._next()[1]
            code = arithmetic(code, self._primary(), op)
        return code

    def _primary(self) -> Code:
        if self._is("/"):
            text = self._regex()
            return lambda state: float(bool(compiled(text, extended=True).search(state.line)))
        kind, text = self._next()
        if kind == "number":
            return lambda state: float(text)
        if kind == "string":
            plain = unescaped(text[1:-1])
            return lambda state: plain
        if text == "(":
            code = self._expression()
            self._expect(")")
            return code
        if text == "!":
            code = self._primary()
            return lambda state: float(not is_true(code(state)))
        if text == "-":
            code = self._primary()
            return lambda state: -as_number(code(state))
        if text == "$":
            return self._field()
        if kind == "name":
            return self._name(text)
        raise NotUnderstood(f"{text!r} in awk")

    def _field(self) -> Code:
        index = self._primary()
        code: Code = lambda state: state.get(field_index(index(state)))  # noqa: E731
        if self._is("=") and not self._is("=="):
            self._next()
            value = self._expression()

            def put(state: State) -> Value:
                result = as_text(value(state))
                state.put(field_index(index(state)), result)
                return result

            return put
        code.target = index  # type: ignore[attr-defined]
        return code

    def _name(self, name: str) -> Code:
        if name == "NR" or name == "FNR":
            return lambda state: float(state.number)
        if name == "NF":
            return lambda state: float(len(state.fields))
        if self._is("(") and name in FUNCTIONS:
            self._next()
            if name in ("sub", "gsub", "split", "match"):
                return self._regex_function(name)
            codes = [] if self._is(")") else self._list()
            self._expect(")")
            if name == "length" and not codes:
                return lambda state: float(len(state.line))
            least, most = ARGUMENTS[name]
            if not least <= len(codes) <= most:
                raise NotUnderstood(f"{name}() with {len(codes)} arguments in awk")
            return lambda state: FUNCTIONS[name]([code(state) for code in codes])
        if name == "length":
            return lambda state: float(len(state.line))
        if self._accept("["):
            index = self._expression()
            self._expect("]")
            if self._is("="):
                raise NotUnderstood("an array in awk")
            return lambda state: state.arrays.get(name, {}).get(as_text(index(state)), "")
        if self._is("(") or self._is("++") or self._is("--") or self._is("+="):
            raise NotUnderstood(f"{name} in awk")
        return lambda state: state.names.get(name, "")

    def _regex_function(self, name: str) -> Code:
        if name == "split":
            text = self._expression()
            self._expect(",")
            _, array = self._next()
            mark: Code | None = self._pattern() if self._accept(",") else None
            self._expect(")")

            def split(state: State) -> Value:
                how = as_text(mark(state)) if mark is not None else state.separator
                parts = split_fields(as_text(text(state)), how)
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

        def substitute(state: State) -> Value:
            index = field_index(target.target(state)) if target is not None else 0  # type: ignore[attr-defined]
            found = compiled(as_text(pattern(state)), extended=True)
            text = as_text(new(state))
            if "&" in text or "\\" in text:
                raise NotUnderstood("& in awk")
            after, count = found.subn(
                lambda m: text, state.get(index), count=0 if name == "gsub" else 1
            )
            if count:
                state.put(index, after)
            return float(count)

        return substitute
