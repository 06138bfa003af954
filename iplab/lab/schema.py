"""The JSON Schema of the lab file, made from the forms, so that the two cannot part.

It describes values as an editor's YAML reader sees them (``mtu: 1400`` is a number there), and says
less than the loader: what follows from several lines at once is for ``iplab plan`` to say.

Of all iplab, this alone needs pydantic itself, for its generator.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from iplab.lab import forms
from iplab.lab.fields import DESCRIPTION, ENDS, FORM, ITSELF, JSON, NODE_PATTERN

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_FORMS = (forms.Head, forms.Link, forms.BridgeForm, forms.NodeForm)


def json_schema() -> dict[str, Any]:
    """The schema of a whole file (draft 2020-12)."""
    _, made = _Generator(ref_template="#/$defs/{model}").generate_definitions(
        [(form, "validation", form.schema()) for form in _FORMS]
    )
    parts: dict[str, Any] = dict(made.items())
    file = parts.pop("Head")
    _fill(file["properties"]["links"], {"$ref": "#/$defs/Link"})
    _fill(file["properties"]["bridges"], {"$ref": "#/$defs/BridgeForm"})
    nodes = file["properties"]["nodes"]
    nodes |= {
        "type": ["object", "null"],
        "patternProperties": {
            NODE_PATTERN: {"anyOf": [{"$ref": "#/$defs/NodeForm"}, {"type": "null"}]}
        },
        "additionalProperties": False,
    }
    return {
        "$schema": DIALECT,
        "title": "iplab lab file",
        **file,
        "description": "A small network of namespaces, for iplab.",
        "$defs": dict(sorted(parts.items())),
    }


def _fill(listed: JsonSchemaValue, item: JsonSchemaValue) -> None:
    listed |= {"type": ["array", "null"], "items": item}


class _Generator(GenerateJsonSchema):
    """pydantic's own generator, with what the forms say in their metadata."""

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """A form is a definition of its own; other kinds may bring their JSON Schema along."""
        said: dict[str, Any] = schema.get("metadata") or {}
        if FORM in said:
            named = {**schema, "ref": said[FORM].__name__}
            return super().generate_inner(named)
        json = said.get(JSON)
        if json is None:
            made = super().generate_inner(schema)
        elif ITSELF in json.get("anyOf", ()):
            itself = super().generate_inner(schema)
            made = {"anyOf": [itself if one is ITSELF else one for one in json["anyOf"]]}
        else:
            made = {**json}
        return {**made, DESCRIPTION: said[DESCRIPTION]} if said.get(DESCRIPTION) else made

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A key's name says it all."""
        return False

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """``oneOf`` alone: ``discriminator`` is OpenAPI's."""
        made = super().tagged_union_schema(schema)
        made.pop("discriminator", None)
        return made

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        """A form; the keys that hold a name of the user's are patterns."""
        form = schema["metadata"][FORM]
        made = super().typed_dict_schema(schema)
        made["description"] = form.__doc__
        inside = made["properties"].pop(ENDS, None)
        if inside is not None:
            made["patternProperties"] = inside["patternProperties"]
            made["required"] = [key for key in made.get("required", []) if key != ENDS]
            made["minProperties"] = {"Link": 2, "BridgeForm": 1}.get(form.__name__, 0)
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A mapping whose keys are endpoints or devices."""
        keys = self.generate_inner(schema["keys_schema"]) if "keys_schema" in schema else {}
        if "pattern" not in keys or "values_schema" not in schema:
            return {"type": "object"}
        values = self.generate_inner(schema["values_schema"])
        patterns = {keys["pattern"]: values}
        return {"type": "object", "patternProperties": patterns, "additionalProperties": False}
