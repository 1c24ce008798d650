"""Every row about a column has its source; indexes by it. Table by table, and again from where it stopped."""

import importlib

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import F, OrderBy, Q

kept = importlib.import_module("genes.migrations.0008_source_kept")
FILL = """
UPDATE genes_{0} row SET source_id = c.source_id FROM assets_column c WHERE c.id = row.column_id AND row.source_id IS NULL
"""
INDEXES = (
    ("binding", models.Index(fields=["element", "source"], include=["column"], name="genes_binding_by_element")),
    ("binding", models.Index(fields=["source", "element"], include=["column"], name="genes_binding_source")),
    ("columnlevel", models.Index(
        fields=["source"], name="genes_columnlevel_undecided", condition=Q(("decided__isnull", True), ("level__gte", 3)),
    )),
    ("conformity", models.Index(fields=["source"], name="genes_conformity_source")),
    ("conformity", models.Index(OrderBy(F("kept_share"), nulls_last=True), F("column"), name="genes_conformity_share")),
    ("decision", models.Index(fields=["source", "id"], name="genes_decision_source")),
    ("deviation", models.Index(fields=["source", "cleared_at"], name="genes_deviation_source")),
    ("familymember", models.Index(fields=["family", "conflicting", "source"], name="genes_member_by_family")),
    ("gene", models.Index(fields=["source", "zone"], name="genes_gene_source")),
    ("gene", models.Index(fields=["column"], include=["zone", "best"], name="genes_gene_answer")),
    ("match", models.Index(
        fields=["source", "element"], name="genes_match_open", condition=Q(("rank", 1), ("state", "proposed")),
    )),
)  # fmt: skip


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("genes", "0008_source_kept")]

    operations = [
        *(migrations.RunSQL(FILL.format(model), migrations.RunSQL.noop) for model in (*kept.KEEPING, "decision")),
        *(migrations.AlterField(model, "source", kept.source()) for model in kept.KEEPING),
        *(AddIndexConcurrently(model, index) for model, index in INDEXES),
        RemoveIndexConcurrently("binding", "genes_binding_element"),
        RemoveIndexConcurrently("familymember", "genes_member_conflicting"),
    ]
