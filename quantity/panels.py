"""What quantity adds to the page of a table: how many rows it had, and how that is known."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.panels import Panel, register
from quantity import selectors

SHOWN = 60


def _of_table(table: Any, user: Any) -> Mapping[str, Any]:
    samples = selectors.table_samples(table)
    known = [sample.rows for sample in samples if sample.rows is not None]
    return {"samples": list(reversed(samples))[:SHOWN], "rows": known}


def register_panels() -> None:
    register("assets.Table", Panel("volume", _("数量"), "quantity/_table_panel.html", _of_table, order=60))
