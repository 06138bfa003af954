"""The JSON Schema of the lab file, made from the forms, so that the two cannot part.

It describes values as an editor's YAML reader sees them (``mtu: 1400`` is a number there), and says
less than the loader: what follows from several lines at once is for ``iplab plan`` to say.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from iplab.lab import forms
from iplab.lab.fields import ENDS, NODE_PATTERN

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_FORMS = (forms.Head, forms.Link, forms.BridgeForm, forms.NodeForm)


def json_schema() -> dict[str, Any]:
    """The schema of a whole file (draft 2020-12)."""
    _, made = models_json_schema(
        [(form, "validation") for form in _FORMS],
        ref_template="#/$defs/{model}",
        schema_generator=_Generator,
    )
    parts = made["$defs"]
    parts.pop("End", None)  # a key's meaning, not its text
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
    """pydantic's own generator, without what only makes sense in Python."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """A key that may be left out may not be left empty."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """The descriptions say what holds without a key; Python's defaults are no YAML."""
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A key's name says it all."""
        return False

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """``oneOf`` alone: ``discriminator`` is OpenAPI's."""
        made = super().tagged_union_schema(schema)
        made.pop("discriminator", None)
        return made

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """A form; the keys that hold a name of the user's are patterns."""
        made = super().model_schema(schema)
        made.pop("title", None)
        inside = made.get("properties", {}).pop(ENDS, None)
        if inside is not None:
            made["patternProperties"] = inside["patternProperties"]
            made["required"] = [key for key in made.get("required", []) if key != ENDS]
            least = {"Link": 2, "BridgeForm": 1}.get(schema["cls"].__name__, 0)
            made["minProperties"] = least
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A mapping whose keys are endpoints or devices."""
        keys = self.generate_inner(schema["keys_schema"]) if "keys_schema" in schema else {}
        if "pattern" not in keys or "values_schema" not in schema:
            return {"type": "object"}
        values = self.generate_inner(schema["values_schema"])
        patterns = {keys["pattern"]: values}
        return {"type": "object", "patternProperties": patterns, "additionalProperties": False}
