"""Pairs of characters, by which long tables are searched for a part of a text (core.containing); the search index by kind.

Terms of the search index now begin with the mark of their kind: `rebuild_search` after this one.
"""

from django.db import migrations

PAIRS = r"""
CREATE FUNCTION core_pairs(VARIADIC texts text[]) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
    SELECT array_to_tsvector(coalesce(array_agg(DISTINCT substr(folded, place, 2)), '{}'))
    FROM (SELECT upper(left(array_to_string(texts, E'\n'), 2000)) AS folded) given, generate_series(1, length(folded)) place
$$;
CREATE FUNCTION core_pairs_query(given text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(
        '''' || replace(replace(substr(folded, place, 2), '\', '\\'), '''', '''''') || '''' || CASE length(folded) WHEN 1 THEN ':*' ELSE '' END,
        ' & '), '')::tsquery
    FROM (SELECT upper(left(given, 100)) AS folded) asked, generate_series(1, greatest(1, length(folded) - 1)) place
    WHERE folded <> ''
$$;
"""
FORGET = "DROP FUNCTION core_pairs(text[]); DROP FUNCTION core_pairs_query(text);"


# The planner tells a common word from a rare one by the thousand commonest; a hundred are not enough.
STATISTICS = "ALTER TABLE core_searchdocument ALTER COLUMN terms SET STATISTICS {}"


class Migration(migrations.Migration):
    dependencies = [("core", "0004_database_clock")]

    operations = [
        migrations.RunSQL(PAIRS, FORGET),
        migrations.RunSQL(STATISTICS.format(1000), STATISTICS.format(-1)),
        migrations.RemoveIndex(model_name="searchdocument", name="search_kind"),
    ]
