"""The fingerprint of each column of a table, taken while its values are at hand; none of them is kept."""

from collections.abc import Sequence
from datetime import datetime

import scanner.model
from assets.models import Column, Table
from core import clock
from genes.engine import drift, values
from genes.engine.evidence import column_form
from genes.engine.text import heads
from genes.models import Gene
from genes.selectors.catalogue import matcher
from genes.services.drift import watch

ALGORITHM = 2


def store_fingerprints(*, table: Table, profiles: Sequence[scanner.model.ColumnProfile]) -> int:
    """Replace the genes of the columns that were read and look whether bound ones drift; returns how many."""
    book, now = matcher().book, clock.now()
    columns = {column.name: column for column in table.columns.exclude(state="gone")}
    genes = [_gene(columns[profile.name], profile, book, now) for profile in profiles if profile.name in columns]
    Gene.objects.bulk_create(
        genes, update_conflicts=True, unique_fields=["column"],
        update_fields=["at", "algorithm", "head", "form", "facts", "masked", "distinct", "unique_share"],
    )  # fmt: skip
    watch(genes)
    return len(genes)


def _gene(column: Column, profile: scanner.model.ColumnProfile, book: values.CodeBook, now: datetime) -> Gene:
    facts = drift.fingerprint(profile.as_json(), book)
    told = heads(column.comment or column.title)
    return Gene(
        column=column, at=now, algorithm=ALGORITHM, head=(told[0] if told else "")[:200],
        form=column_form(column.type), masked=facts["masked"], distinct=profile.distinct,
        unique_share=profile.unique / profile.distinct if profile.distinct else None, facts=facts,
    )  # fmt: skip
