"""Addresses of this app's pages, for models, indicators and search documents."""

from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse


def page_url(name: str, *args: Any, **query: Any) -> str:
    """The address of ``assets:<name>``; empty while the platform runs without pages (a worker, a bare test)."""
    try:
        address = reverse(f"assets:{name}", args=args)
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode(query)}" if query else address
