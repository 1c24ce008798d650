"""Genes on pages."""

from collections.abc import Mapping

from django import template

from genes.reasons import Reason, spoken

register = template.Library()


@register.filter
def in_words(reasons: Mapping[str, float]) -> list[Reason]:
    """The reasons of a match, strongest first."""
    return spoken(reasons)
