"""Genes' entry in the sidebar."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.permissions import can
from core.navigation import Item, register


def _may_see(user: Any) -> bool:
    return can(user, "data.view")


def register_all() -> None:
    register("norms", Item(_("基因"), "dna", "genes:gene_list", 20, _may_see, work="genes.matches", prefix="/genes/"))
