import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('genes', '0006_ruling_days'),
        ('standards', '0003_published_codes_stay'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.RemoveConstraint(
            model_name='ruling',
            name='genes_ruling_one_without_end',
        ),
        migrations.RemoveConstraint(
            model_name='ruling',
            name='genes_ruling_one_a_day',
        ),
        migrations.AddConstraint(
            model_name='ruling',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('state', 'in_force')), expressions=[('element', '='), ('agency', '='), (models.Func('valid_from', 'valid_until', models.Value('[]'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='genes_ruling_days_apart'),
        ),
    ]
