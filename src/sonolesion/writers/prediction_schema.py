"""The JSON Schema of one line of predictions.jsonl, made from the types themselves.

`make docs` writes it to docs/reference/predictions.schema.json. What a field means is taken from
the "Attributes" of its class, so that it is said in one place.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY, explanation, lesion, lexicon
from sonolesion.writers.prediction_row import SCHEMA_VERSION, PredictionRow

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ATTRIBUTE = re.compile(r"^(\w+(?:, \w+)*): (.*)$")


def describe_row() -> dict[str, Any]:
    """Return the schema: JSON Schema 2020-12, every field required, no other allowed."""
    from pydantic import TypeAdapter

    schema: dict[str, Any] = TypeAdapter(PredictionRow).json_schema(mode="serialization")
    documented = {PredictionRow.__name__: PredictionRow} | {
        name: value
        for module in (explanation, lesion, lexicon)
        for name, value in vars(module).items()
        if dataclasses.is_dataclass(value) and isinstance(value, type)
    }
    for name, part in schema["$defs"].items():
        _complete(part, documented.get(name.partition("_")[0]))
    _complete(schema, PredictionRow)
    fields = schema["properties"]
    prob = {"type": "number", "minimum": 0, "maximum": 1}
    fields["class_prob"] = {
        "type": "object",
        "description": fields["class_prob"]["description"],
        "properties": dict.fromkeys(CLASS_NAMES, prob),
        "required": list(CLASS_NAMES),
        "additionalProperties": False,
    }
    fields["schema_version"] = {"const": SCHEMA_VERSION, "description": "Of this layout."}
    fields["research_use_only"] = {"const": RESEARCH_USE_ONLY}
    schema["required"] = list(fields)
    return {"$schema": DIALECT, "title": "One line of predictions.jsonl"} | {
        key: value for key, value in schema.items() if key != "title"
    }


def _complete(part: dict[str, Any], documented: type | None) -> None:
    """Require every field, allow no other, say what each means; the titles go."""
    part.pop("title", None)
    if part.get("type") != "object":
        return
    meanings = {} if documented is None else _read_attributes(documented)
    for name, field in part["properties"].items():
        for noise in ("title", "default"):
            field.pop(noise, None)
        if name in meanings:
            field["description"] = meanings[name]
    part["description"] = (inspect.getdoc(documented) or "").split("\n\n")[0].replace("\n", " ")
    part["required"] = list(part["properties"])
    part["additionalProperties"] = False


def _read_attributes(documented: type) -> dict[str, str]:
    """Field -> what the class says under "Attributes:", as one line each."""
    _, _, below = (inspect.getdoc(documented) or "").partition("\nAttributes:\n")
    meanings: dict[str, str] = {}
    names: list[str] = []
    for line in below.splitlines():
        found = _ATTRIBUTE.match(line.removeprefix("    "))
        if found and not line.startswith(" " * 5):
            names = found[1].split(", ")
            meanings |= dict.fromkeys(names, found[2])
        elif line.strip():
            meanings |= {name: f"{meanings[name]} {line.strip()}" for name in names}
    return {name: re.sub(r"\bNone\b", "null", text) for name, text in meanings.items()}
