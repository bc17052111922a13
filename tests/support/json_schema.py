"""The part of JSON Schema 2020-12 that `predictions.schema.json` uses, checked by hand."""

from __future__ import annotations

from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
_KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "type", "anyOf", "enum", "const", "items",
    "prefixItems", "minItems", "maxItems", "minimum", "maximum", "properties", "required",
    "additionalProperties",
}  # fmt: skip


def find_faults(
    value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = ""
) -> list[str]:
    """What keeps `value` from being an instance of `schema`; empty when nothing does."""
    unknown = set(schema) - _KNOWN
    if unknown:
        raise NotImplementedError(f"{at}: keywords {sorted(unknown)}")
    if "$ref" in schema:
        return find_faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "anyOf" in schema:
        tried = [find_faults(value, option, root, at) for option in schema["anyOf"]]
        return [] if any(not faults for faults in tried) else min(tried, key=len)
    if "const" in schema:
        return [] if value == schema["const"] else [f"{at}: {value!r} is not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is not one of {schema['enum']}"]
    wanted = schema.get("type")
    if wanted and not _has_type(value, wanted):
        return [f"{at}: {value!r} is no {wanted}"]
    if wanted == "object":
        return _object_faults(value, schema, root, at)
    if wanted == "array":
        return _array_faults(value, schema, root, at)
    if wanted == "number" and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        return [f"{at}: {value} is out of range"]
    return []


def _has_type(value: Any, wanted: str) -> bool:
    return isinstance(value, _TYPES[wanted]) and (wanted == "boolean" or value not in (True, False)
                                                  or not isinstance(value, bool))  # fmt: skip


def _object_faults(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    properties, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    faults = [f"{at}.{name}: missing" for name in schema.get("required", []) if name not in value]
    for name, inner in value.items():
        if name in properties:
            faults += find_faults(inner, properties[name], root, f"{at}.{name}")
        elif more is False:
            faults.append(f"{at}.{name}: not in the schema")
        elif isinstance(more, dict):
            faults += find_faults(inner, more, root, f"{at}.{name}")
    return faults


def _array_faults(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return [f"{at}: {len(value)} items"]
    first = schema.get("prefixItems", [])
    rest = schema.get("items", {})
    faults: list[str] = []
    for index, inner in enumerate(value):
        part = first[index] if index < len(first) else rest
        faults += find_faults(inner, part, root, f"{at}[{index}]")
    return faults
