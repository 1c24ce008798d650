"""A published edition is never edited: a trigger holds what the services promise (GB/T 18391.6, registration)."""

from django.db import migrations

FROZEN = (
    "element_id, number, name, english_name, definition, object_class, property_term, representation_term, notation, unit, "
    "value_domain, code_set_id, check_scheme, values_note, level, level_reason, reference, note, change_note"
)
FORWARD = f"""
CREATE FUNCTION standards_edition_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('published', 'superseded', 'retired') AND (
        ROW({", ".join("OLD." + name.strip() for name in FROZEN.split(","))})
        IS DISTINCT FROM ROW({", ".join("NEW." + name.strip() for name in FROZEN.split(","))})
    ) THEN
        RAISE EXCEPTION 'a published edition is never edited' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER standards_edition_stays BEFORE UPDATE ON standards_edition
    FOR EACH ROW EXECUTE FUNCTION standards_edition_stays();
"""
BACKWARD = "DROP TRIGGER standards_edition_stays ON standards_edition; DROP FUNCTION standards_edition_stays();"


class Migration(migrations.Migration):
    dependencies = [("standards", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
