"""Indexes for what dashboards count and average over all tables, and for the newest of millions of columns."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("assets", "0004_scale")]

    operations = [
        AddIndexConcurrently(
            model_name="table",
            index=models.Index(
                condition=models.Q(("score__isnull", False), ("state", "seen")),
                fields=["source"],
                include=("score",),
                name="assets_table_scored",
            ),
        ),
        AddIndexConcurrently(
            model_name="table",
            index=models.Index(
                condition=models.Q(
                    ("profiled_at__isnull", True), models.Q(("state", "gone"), _negated=True)
                ),
                fields=["source"],
                name="assets_table_unprofiled",
            ),
        ),
        AddIndexConcurrently(
            model_name="column",
            index=models.Index(fields=["first_seen_at", "id"], name="assets_column_first_seen"),
        ),
        AddIndexConcurrently(
            model_name="column",
            index=models.Index(fields=["value_class"], name="assets_column_class"),
        ),
    ]
