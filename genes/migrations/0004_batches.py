from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("genes", "0003_what_people_decide")]

    operations = [
        AddIndexConcurrently(
            model_name='binding',
            index=models.Index(condition=models.Q(('batch__isnull', False)), fields=['batch'], name='genes_binding_batch'),
        ),
        AddIndexConcurrently(
            model_name='decision',
            index=models.Index(condition=models.Q(('batch__isnull', False)), fields=['batch'], name='genes_decision_batch'),
        ),
    ]
