"""Genes on pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template

from core.texts import Text
from genes.choices import Difference, Standing
from genes.reasons import Reason, spoken

register = template.Library()


@register.filter
def in_words(reasons: Mapping[str, float]) -> list[Reason]:
    """The reasons of a match, strongest first."""
    return spoken(reasons)


@register.filter
def standing(value: str) -> Standing:
    """Where a ruling stands, as its badge takes it."""
    return Standing(value)


@register.filter
def differences(differs: Mapping[str, Sequence[Any]]) -> list[tuple[Text, Any, Any]]:
    """In what a member differs from the most of its family: [(word, its own, the usual)]."""
    return [(Difference(kind).label, own, usual) for kind, (own, usual) in differs.items()]
