"""Whose turn it is: people and the machine say what columns carry one after the other."""

from collections.abc import Iterable
from uuid import UUID

from assets.models import Column, DataSource


def wait_for_turn(column_ids: Iterable[UUID]) -> None:
    """Until this transaction ends, nobody else decides on or proposes for columns of the same sources.

    Their rows are locked in the order of their keys, before the audit trail and before anything is read that another
    turn might change. What refers to a source goes on: no key is locked.
    """
    sources = DataSource.objects.filter(pk__in=Column.objects.filter(pk__in=set(column_ids)).values("source"))
    list(sources.select_for_update(no_key=True).order_by("pk").values_list("pk"))
