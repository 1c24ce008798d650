"""Rules that nobody named are named in the reader's language: kept in every language, and told apart from names given."""

from typing import Any

from django.db import migrations, models

from assets.models.catalogue import first_line
from core.texts import BETWEEN, in_every_language
from quality.evidence import rule_name

BATCH = 2_000


class _Named:
    """A column as `rule_name` asks for it; models of migrations have no properties."""

    def __init__(self, column: Any) -> None:
        self.display_name = column.title or first_line(column.comment) or column.name


def tell_apart(apps: Any, schema_editor: Any) -> None:
    """A name that is what the platform made of it, up to the kind in Chinese, was made; any other was given."""
    rules, links = apps.get_model("quality", "Rule"), apps.get_model("quality", "RuleColumn")
    rows = rules.objects.order_by("pk").iterator(chunk_size=BATCH)
    while batch := [row for _, row in zip(range(BATCH), rows)]:
        columns: dict[Any, list[_Named]] = {}
        for link in links.objects.filter(rule__in=batch).select_related("column").order_by("position"):
            columns.setdefault(link.rule_id, []).append(_Named(link.column))
        for rule in batch:
            own = columns.get(rule.pk, [])
            made = in_every_language(rule_name, rule.kind, own)
            rule.named = rule.name != made.split(BETWEEN)[0]
            rule.name = rule.name if rule.named else made
        rules.objects.bulk_update(batch, ["name", "named"])


class Migration(migrations.Migration):
    dependencies = [("quality", "0004_scale"), ("assets", "__first__")]

    operations = [
        migrations.AlterField("rule", "name", models.CharField("规则名称", max_length=300)),
        migrations.AddField("rule", "named", models.BooleanField(default=False, db_default=False)),
        migrations.RunPython(tell_apart, migrations.RunPython.noop),
    ]
