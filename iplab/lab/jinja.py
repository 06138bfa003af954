"""A ``.j2`` lab file → YAML text, with the way back from each of its lines to the file's own.

The template sees the settings (``--set NAME=VALUE``, always text) and nothing of the machine; what
it may do is in ``iplab.lab.bounds``.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping

from jinja2 import Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.meta import find_undeclared_variables

from iplab.lab.bounds import FILTERS, MAX_VALUE, Budget, Environment, Stop, bound, too_much
from iplab.lab.near import did_you_mean
from iplab.lab.provenance import PRIVATE, Provenance
from iplab.lab.syntax import Fault, Unreadable
from iplab.lab.tree import MAX_BYTES


def render(text: str, name: str, settings: Mapping[str, str]) -> tuple[str, Provenance]:
    """The YAML text that the template ``text`` gives, and where its lines come from.

    Raises ``Unreadable`` with a place in the template.
    """
    provenance = Provenance(text)
    environment = Environment(Budget(), provenance)
    if len(text) > MAX_VALUE:
        raise Unreadable(Fault(1, 1, f"more than {MAX_VALUE} characters: too long for a template"))
    if private := PRIVATE.search(text):
        line = text.count("\n", 0, private.start()) + 1
        message = "a private-use character has no place in a template"
        raise Unreadable(provenance.fault(line, message, "take it out"))
    try:
        tree = environment.parse(text, name, name)
        _check_settings(tree, settings)
        bound(tree)
        code = environment.compile(tree, name, name)
        template = Template.from_code(environment, code, environment.make_globals(None))
        made = _generate(template, settings)
    except TemplateSyntaxError as error:
        message = error.message or "not a template"
        raise Unreadable(
            provenance.fault(error.lineno, f"Jinja2: {message}", _help(error))
        ) from None
    except Unreadable:
        raise
    except Exception as error:  # whatever the template's own code ran into, all of it the user's
        line = _line_of(error, name)
        raise Unreadable(provenance.fault(line, *_words(error))) from None
    return provenance.strip(made), provenance


def _generate(template: Template, settings: Mapping[str, str]) -> str:
    pieces: list[str] = []
    length = 0
    for piece in template.generate(dict(settings)):
        length += len(piece)
        if length > 4 * MAX_BYTES:  # marks and all; the YAML reader looks at the text itself
            raise too_much("it makes too much text")
        pieces.append(piece)
    return "".join(pieces)


def _check_settings(tree: nodes.Template, settings: Mapping[str, str]) -> None:
    known = find_undeclared_variables(tree)
    for name in settings:
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            hint = did_you_mean(name, known) or f"the file asks for: {names}"
            raise Unreadable(Fault(1, 1, f"the file has no use for --set {name}", hint))


def _line_of(error: BaseException, name: str) -> int:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == name and frame.lineno]
    return lines[-1] if lines else 1


def _words(error: Exception) -> tuple[str, str]:
    """What is wrong, and what to try."""
    said = re.sub(r"\s+", " ", str(error))
    match error:
        case UndefinedError():
            found = re.match(r"'(\w+)' is undefined", said)
            if found:
                one = found[1]
                return (
                    f"Jinja2: {one!r} has no value",
                    f"--set {one}=VALUE, or in the file: {one} | default(VALUE)",
                )
            return f"Jinja2: {said}", ""
        case Stop():
            return f"Jinja2: {said}", error.hint
        case SecurityError():
            return f"Jinja2: {said}", "a lab file needs names, numbers and loops only"
        case RecursionError() | MemoryError() | SyntaxError():  # of the Python that Jinja2 writes
            return "Jinja2: nested too deeply or too large", "a plainer file"
        case TypeError() | ValueError() if "int" in said or "str" in said:
            return f"Jinja2: {said}", "a setting is text; NAME | int makes it a number"
        case TemplateError():
            return f"Jinja2: {said}", ""
    return f"Jinja2: {type(error).__name__}: {said}", ""


def _help(error: TemplateSyntaxError) -> str:
    found = re.match(r"No filter named '(.+)'", error.message or "")
    if found:
        return did_you_mean(found[1], FILTERS) or f"one of: {', '.join(FILTERS)}"
    return ""
