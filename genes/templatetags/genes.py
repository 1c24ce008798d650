"""Genes on pages."""

from collections.abc import Mapping
from typing import Any

from django import template

from genes import reasons
from genes.models import Match

register = template.Library()


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
