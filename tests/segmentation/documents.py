"""Policies as documents: the same policy in TOML as in JSON."""

from __future__ import annotations

import json


def in_toml(text: str) -> str:
    """A JSON document as TOML, one line a key; TOML has no null, so what is null is left out."""
    return "\n".join(f"{key} = {_toml(value)}" for key, value in json.loads(text).items())


def _toml(value: object) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items() if v is not None)
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
