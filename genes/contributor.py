"""Genes' part in the one reading of a table."""

from collections.abc import Sequence

import scanner.model
from assets.models import ScanRun, Table
from genes.services.fingerprints import store_fingerprints


class GenesContributor:
    """Asks nothing beyond the profile; keeps the fingerprint of each column."""

    name = "genes"

    def rules_for(self, table: Table) -> Sequence[scanner.model.Rule]:
        return ()

    def store(self, *, table: Table, reading: scanner.model.Reading, run: ScanRun) -> None:
        store_fingerprints(table=table, profiles=reading.columns)

    def finish(self, *, run: ScanRun) -> None:
        """The matching of the source is a job of its own (genes.receivers)."""
