"""Genes on pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template

from core.texts import Text
from genes import reasons
from genes.choices import Difference, Standing
from genes.models import Match

register = template.Library()


@register.filter
def standing(value: str) -> Standing:
    """Where a ruling stands, as its badge takes it."""
    return Standing(value)


@register.filter
def differences(differs: Mapping[str, Sequence[Any]]) -> list[tuple[Text, Any, Any]]:
    """In what a member differs from the most of its family: [(word, its own, the usual)]."""
    return [(Difference(kind).label, own, usual) for kind, (own, usual) in differs.items()]


@register.filter
def evidence(match: Match) -> list[reasons.Evidence]:
    """What spoke for a match, strongest first, with its figures."""
    return reasons.evidence(match)


@register.filter
def drift_reason(reason: Mapping[str, Any]) -> str:
    return reasons.drift_in_words(reason)


@register.filter
def level_reason(reason: Mapping[str, Any]) -> str:
    return reasons.level_in_words(reason)
