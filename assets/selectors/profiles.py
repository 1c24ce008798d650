"""Reads: a profile as it may be shown. Pages and API take values of a profile from nowhere else."""

from typing import Any

from assets.masking import mask_profile
from assets.models import Column, ColumnProfile

_PLAIN = (
    "at", "rows", "nulls", "blanks", "distinct", "unique", "exact", "null_share", "distinct_share",
    "length", "patterns", "identifiers", "detected",
)  # fmt: skip


def shown_profile(column: Column, profile: ColumnProfile | None = None) -> dict[str, Any] | None:
    """The measures of a column's profile (its current one unless given), masked by the policy of its source.

    Keys are those of ``scanner.model.ColumnProfile`` plus ``at``, ``null_share``, ``distinct_share`` and ``masked``
    (the kind of personal information, "" for none). None when the column was never profiled.
    Needs ``column.source``, which the selectors of this app load along.
    """
    profile = profile or column.profile
    if profile is None:
        return None
    policy = column.source.values_policy
    values = mask_profile({name: getattr(profile, name) for name in _VALUES}, column.personal_kind, policy)
    shown = {name: getattr(profile, name) for name in _PLAIN}
    return {**shown, **values, "masked": column.personal_kind, "policy": policy}


_VALUES = ("min", "max", "mean", "quantiles", "top", "histogram")
