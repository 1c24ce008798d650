"""Genes' part in the one reading of a table."""

from collections.abc import Sequence

import scanner.model
from assets.models import ScanRun, Table
from genes.services import conformity
from genes.services.fingerprints import store_fingerprints
from genes.services.sketches import store_sketches


class GenesContributor:
    """Keeps the fingerprint and the sketch of each column, and how the bound ones keep to their data elements."""

    name = "genes"

    def rules_for(self, table: Table) -> Sequence[scanner.model.Rule]:
        return conformity.rules_for(table)

    def store(self, *, table: Table, reading: scanner.model.Reading, run: ScanRun) -> None:
        store_fingerprints(table=table, profiles=reading.columns)
        conformity.store(table=table, reading=reading)
        store_sketches(table=table, profiles=reading.columns)

    def finish(self, *, run: ScanRun) -> None:
        """The matching of the source is a job of its own (genes.receivers)."""
