"""Rules, proposals, results and findings know their source, so that lists and counts need no join over millions of columns."""

import django.db.models.deletion
from django.db import migrations, models

# Processes of the release before insert rows without a source; it goes on when the column is made not null.
KEEP = """
CREATE FUNCTION quality_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.source_id IS NULL THEN
        IF TG_TABLE_NAME = 'quality_rule' THEN
            SELECT source_id INTO NEW.source_id FROM assets_table WHERE id = NEW.table_id;
        ELSIF TG_TABLE_NAME = 'quality_ruleproposal' THEN
            SELECT source_id INTO NEW.source_id FROM assets_column WHERE id = NEW.column_id;
        ELSE
            SELECT source_id INTO NEW.source_id FROM quality_rule WHERE id = NEW.rule_id;
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER quality_source BEFORE INSERT ON quality_rule FOR EACH ROW EXECUTE FUNCTION quality_source();
CREATE TRIGGER quality_source BEFORE INSERT ON quality_ruleproposal FOR EACH ROW EXECUTE FUNCTION quality_source();
CREATE TRIGGER quality_source BEFORE INSERT ON quality_checkresult FOR EACH ROW EXECUTE FUNCTION quality_source();
CREATE TRIGGER quality_source BEFORE INSERT ON quality_finding FOR EACH ROW EXECUTE FUNCTION quality_source();
UPDATE quality_rule SET source_id = t.source_id FROM assets_table t WHERE t.id = table_id;
UPDATE quality_ruleproposal SET source_id = c.source_id FROM assets_column c WHERE c.id = column_id;
UPDATE quality_checkresult SET source_id = r.source_id FROM quality_rule r WHERE r.id = rule_id;
UPDATE quality_finding SET source_id = r.source_id FROM quality_rule r WHERE r.id = rule_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""
FORGET = """
DROP TRIGGER quality_source ON quality_rule;
DROP TRIGGER quality_source ON quality_ruleproposal;
DROP TRIGGER quality_source ON quality_checkresult;
DROP TRIGGER quality_source ON quality_finding;
DROP FUNCTION quality_source();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('assets', '0004_scale'),
        ('quality', '0002_sentence_of_an_error'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='ruleproposal',
            options={'ordering': ['-proposed_at', '-id'], 'verbose_name': '规则建议', 'verbose_name_plural': '规则建议'},
        ),
        migrations.AddField(
            model_name='checkresult',
            name='source',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.datasource', verbose_name='数据源'),
        ),
        migrations.AddField(
            model_name='finding',
            name='source',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.datasource', verbose_name='数据源'),
        ),
        migrations.AddField(
            model_name='rule',
            name='source',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.datasource', verbose_name='数据源'),
        ),
        migrations.AddField(
            model_name='ruleproposal',
            name='source',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.datasource', verbose_name='数据源'),
        ),
        migrations.RunSQL(KEEP, FORGET),
    ]
