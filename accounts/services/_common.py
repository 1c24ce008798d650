"""What the services of accounts share: saving with clear errors, and a record of what changed."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction


def save_clean(obj: models.Model) -> None:
    """Validate and save. A constraint that another transaction trips first gives the same message as the form's check.

    Raises ValidationError; other integrity errors pass through.
    """
    obj.full_clean()
    try:
        with transaction.atomic():
            obj.save()
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        for constraint in obj._meta.constraints:
            if constraint.name == name:
                raise ValidationError(constraint.get_violation_error_message()) from None
        obj.validate_unique()  # a unique field tripped: now the other row is there to be found
        raise


def apply_changes(obj: models.Model, values: dict[str, Any], allowed: Iterable[str]) -> dict[str, list[Any]]:
    """Set `values` on `obj`; returns {field: [before, after]} as text for the audit.

    Raises TypeError for a field that is not `allowed`: a caller's mistake, never a person's.
    """
    unknown = set(values) - set(allowed)
    if unknown:
        raise TypeError(f"not changeable: {sorted(unknown)}")
    changes: dict[str, list[Any]] = {}
    for name, value in values.items():
        before = getattr(obj, name)
        if before != value:
            changes[name] = [_plain(before), _plain(value)]
            setattr(obj, name, value)
    return changes


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)


def target_of(obj: models.Model) -> str:
    """`accounts.Person:<id>`, the form in which jobs, audit and search name things."""
    return f"{obj._meta.label}:{obj.pk}"
