"""Rows about a column keep its source (genes/models/kept.py, ADR 0016): triggers fill it in, whoever writes them.

What stands there already gets it from the next migration, which holds no locks that long.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Value
from django.db.models.functions import Cast, NullIf

KEEPING = (
    "gene", "match", "binding", "conformity", "deviation", "columnlevel", "driftalarm", "familymember", "join", "repetition",
)  # fmt: skip
FUNCTION = """
CREATE FUNCTION genes_keep_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.source_id := (SELECT source_id FROM assets_column WHERE id = NEW.column_id);
    RETURN NEW;
END $$;
"""
TRIGGER = """
CREATE TRIGGER genes_keep_source BEFORE INSERT ON genes_{0} FOR EACH ROW WHEN (NEW.source_id IS NULL)
    EXECUTE FUNCTION genes_keep_source();
CREATE TRIGGER genes_keep_source_of_another BEFORE UPDATE OF column_id, source_id ON genes_{0} FOR EACH ROW
    WHEN (NEW.source_id IS NULL OR NEW.column_id IS DISTINCT FROM OLD.column_id) EXECUTE FUNCTION genes_keep_source();
"""
BACKWARD = "DROP TRIGGER genes_keep_source ON genes_{0}; DROP TRIGGER genes_keep_source_of_another ON genes_{0};"


def source(**options: object) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name="+",
        to="assets.datasource", verbose_name="数据源", **options,
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("assets", "0005_province"), ("genes", "0007_ruling_days_apart")]

    operations = [
        *(migrations.AddField(model, "source", source(null=True)) for model in KEEPING),
        migrations.AddField(
            "decision", "source", models.ForeignKey(
                db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+",
                to="assets.datasource",
            ),
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION genes_keep_source()"),
        *(migrations.RunSQL(TRIGGER.format(model), BACKWARD.format(model)) for model in (*KEEPING, "decision")),
        migrations.AddField(
            "conformity", "kept_share", models.GeneratedField(
                db_persist=True, output_field=models.FloatField(null=True),
                expression=1.0 - Cast("failed", models.FloatField()) / NullIf(Cast("checked", models.FloatField()), Value(0.0)),
            ),
        ),
    ]  # fmt: skip
