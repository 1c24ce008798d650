"""Published code editions stay as they are, codes included; published editions of either kind are never deleted."""

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION standards_codesetedition_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('published', 'superseded', 'retired') AND (
        ROW(OLD.code_set_id, OLD.label, OLD.valid_from, OLD.note)
        IS DISTINCT FROM ROW(NEW.code_set_id, NEW.label, NEW.valid_from, NEW.note)
    ) THEN
        RAISE EXCEPTION 'a published edition is never edited' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER standards_codesetedition_stays BEFORE UPDATE ON standards_codesetedition
    FOR EACH ROW EXECUTE FUNCTION standards_codesetedition_stays();

CREATE FUNCTION standards_published_remains() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('published', 'superseded', 'retired') THEN
        RAISE EXCEPTION 'a published edition is never deleted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER standards_edition_remains BEFORE DELETE ON standards_edition
    FOR EACH ROW EXECUTE FUNCTION standards_published_remains();
CREATE TRIGGER standards_codesetedition_remains BEFORE DELETE ON standards_codesetedition
    FOR EACH ROW EXECUTE FUNCTION standards_published_remains();

CREATE FUNCTION standards_code_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM standards_codesetedition
        WHERE id IN (CASE WHEN TG_OP = 'INSERT' THEN NEW.edition_id ELSE OLD.edition_id END,
                     CASE WHEN TG_OP = 'DELETE' THEN OLD.edition_id ELSE NEW.edition_id END)
          AND state IN ('published', 'superseded', 'retired')
    ) THEN
        RAISE EXCEPTION 'the codes of a published edition are never edited' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER standards_code_stays BEFORE INSERT OR UPDATE OR DELETE ON standards_code
    FOR EACH ROW EXECUTE FUNCTION standards_code_stays();
"""
BACKWARD = """
DROP TRIGGER standards_code_stays ON standards_code;
DROP TRIGGER standards_codesetedition_remains ON standards_codesetedition;
DROP TRIGGER standards_edition_remains ON standards_edition;
DROP TRIGGER standards_codesetedition_stays ON standards_codesetedition;
DROP FUNCTION standards_code_stays();
DROP FUNCTION standards_published_remains();
DROP FUNCTION standards_codesetedition_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("standards", "0002_published_editions_stay")]

    operations = [
        migrations.AddField(
            model_name="citation",
            name="checked_on",
            field=models.DateField(blank=True, null=True, verbose_name="核对原文日期"),
        ),
        migrations.AddConstraint(
            model_name="citation",
            constraint=models.UniqueConstraint(
                fields=["edition", "code_edition", "text", "clause"], nulls_distinct=False, name="standards_citation_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="codesetedition",
            constraint=models.UniqueConstraint(
                fields=["code_set"],
                condition=models.Q(state__in=["draft", "commenting", "review"]),
                name="standards_codeset_one_in_work",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
