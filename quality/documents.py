"""What the search index knows of quality: one document for each rule."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from core.search import Document, Kind, register_kind
from quality.models import Rule


def key(rule: Rule) -> str:
    return f"quality.Rule:{rule.pk}"


def of_rule(rule: Rule) -> Document:
    """Needs ``rule.table.source``."""
    return Document(
        key=key(rule), kind="rule", title=rule.name, titles="" if rule.named else rule.name, url=rule.get_absolute_url(),
        subtitle=f"{rule.table.label} · {rule.table.source.name}", scope_id=rule.table.source.agency_id,
        text=rule.description,
    )  # fmt: skip


def _rules() -> Iterator[Document]:
    for rule in Rule.objects.select_related("table__source").order_by("pk").iterator(chunk_size=2_000):
        yield of_rule(rule)


def register() -> None:
    register_kind(Kind("rule", _("质量规则"), _rules, order=50, icon="shield-check", mark="r"))
