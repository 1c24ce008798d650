"""Rows about a column keep its source (genes/models/kept.py, ADR 0016): triggers fill it in, for what stands there and what comes."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

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
UPDATE genes_{0} kept SET source_id = c.source_id FROM assets_column c WHERE c.id = kept.column_id;
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
        migrations.RemoveIndex("binding", "genes_binding_element"),
        migrations.RemoveIndex("familymember", "genes_member_conflicting"),
        *(migrations.AddField(model, "source", source(null=True)) for model in KEEPING),
        migrations.AddField(
            "decision",
            "source",
            models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="assets.datasource",
            ),
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION genes_keep_source()"),
        *(migrations.RunSQL(TRIGGER.format(model), BACKWARD.format(model)) for model in (*KEEPING, "decision")),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        *(migrations.AlterField(model, "source", source()) for model in KEEPING),
        migrations.AddIndex("binding", models.Index(fields=["element", "source"], name="genes_binding_element")),
        migrations.AddIndex("binding", models.Index(fields=["source", "element"], name="genes_binding_source")),
        migrations.AddIndex(
            "columnlevel",
            models.Index(
                fields=["source"],
                name="genes_columnlevel_undecided",
                condition=Q(("decided__isnull", True), ("level__gte", 3)),
            ),
        ),
        migrations.AddIndex("conformity", models.Index(fields=["source"], name="genes_conformity_source")),
        migrations.AddIndex("decision", models.Index(fields=["source", "id"], name="genes_decision_source")),
        migrations.AddIndex("deviation", models.Index(fields=["source", "cleared_at"], name="genes_deviation_source")),
        migrations.AddIndex(
            "familymember", models.Index(fields=["family", "conflicting", "source"], name="genes_member_conflicting")
        ),
        migrations.AddIndex("gene", models.Index(fields=["source", "zone"], name="genes_gene_source")),
        migrations.AddIndex(
            "match",
            models.Index(
                fields=["source", "element"], name="genes_match_open", condition=Q(("rank", 1), ("state", "proposed"))
            ),
        ),
    ]
