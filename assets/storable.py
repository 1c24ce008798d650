"""Values from a source, made fit for a jsonb column without turning numbers into text."""

from typing import Any

from core.texts import clean


def storable(value: Any) -> Any:
    """``value`` with every text cleaned (``core.texts.clean``); numbers and booleans stay what they are."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
