"""Indexes for long lists of rules, results, findings and proposals."""

import core.containing
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('quality', '0003_source_of_rules'),
    ]

    operations = [
        RemoveIndexConcurrently(
            model_name='ruleproposal',
            name='quality_proposal_newest',
        ),
        AddIndexConcurrently(
            model_name='checkresult',
            index=models.Index(fields=['-at', '-id'], name='quality_result_newest'),
        ),
        AddIndexConcurrently(
            model_name='checkresult',
            index=models.Index(fields=['source', '-at'], name='quality_result_source'),
        ),
        AddIndexConcurrently(
            model_name='checkresult',
            index=models.Index(condition=models.Q(('current', True), ('passed', False)), fields=['source', 'rule'], name='quality_result_failing'),
        ),
        AddIndexConcurrently(
            model_name='finding',
            index=models.Index(fields=['source', 'state'], name='quality_finding_source'),
        ),
        AddIndexConcurrently(
            model_name='rule',
            index=models.Index(fields=['source', 'enabled'], name='quality_rule_source'),
        ),
        AddIndexConcurrently(
            model_name='rule',
            index=django.contrib.postgres.indexes.GinIndex(core.containing.Pairs('name', 'description'), name='quality_rule_containing'),
        ),
        AddIndexConcurrently(
            model_name='ruleproposal',
            index=models.Index(fields=['-proposed_at', '-id'], name='quality_proposal_newest'),
        ),
        AddIndexConcurrently(
            model_name='ruleproposal',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['source', 'column'], name='quality_proposal_open'),
        ),
    ]
