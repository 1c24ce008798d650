"""Who may do what with rules; the verbs are those of accounts.choices."""

from typing import Any

from accounts.permissions import can


def may_edit_rules(user: Any, target: Any = None) -> bool:
    """Write rules and decide on proposals for ``target`` (a table, a rule, an agency), or anywhere at all."""
    return can(user, "rule.edit", target)
