"""Names learned from decisions no longer say which source they came from: everybody reads an element, not everybody may know the source."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("standards", "0003_published_codes_stay")]
    operations = [
        migrations.RunSQL(
            "UPDATE standards_elementname SET context = '' WHERE origin = 'decision'", migrations.RunSQL.noop
        )
    ]
