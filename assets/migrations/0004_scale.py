"""Indexes for lists of millions of columns: by part of a name, and for each order."""

import core.containing
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


# Columns that could not be read, or waited for a person's word, were left out of the counters of their table until now.
RECOUNT = """
UPDATE assets_table t SET column_count = found.live, personal_count = found.personal
FROM (SELECT table_id, count(*) live, count(*) FILTER (WHERE personal_kind <> '') personal
      FROM assets_column WHERE state <> 'gone' GROUP BY table_id) found
WHERE found.table_id = t.id AND (t.column_count, t.personal_count) IS DISTINCT FROM (found.live, found.personal)
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('core', '0005_search_at_scale'),
        ('assets', '0003_allowed_network'),
    ]

    operations = [
        migrations.RunSQL(RECOUNT, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name='column',
            index=models.Index(condition=models.Q(('state', 'seen'), _negated=True), fields=['state', 'id'], name='assets_column_absent'),
        ),
        AddIndexConcurrently(
            model_name='column',
            index=django.contrib.postgres.indexes.GinIndex(core.containing.Pairs('name', 'title', 'comment'), name='assets_column_containing'),
        ),
        AddIndexConcurrently(
            model_name='table',
            index=django.contrib.postgres.indexes.GinIndex(core.containing.Pairs('name', 'title', 'schema_name', 'comment'), name='assets_table_containing'),
        ),
    ]
