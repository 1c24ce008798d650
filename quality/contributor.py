"""Quality's part in the one reading of a table."""

from collections.abc import Sequence

import scanner.model
from assets.models import ScanRun, Table
from quality.selectors import rules_to_check
from quality.services.findings import drop_expired_keys
from quality.services.results import keep_source_score, store_results


class QualityContributor:
    """Brings the enabled rules of a table, keeps what came of them."""

    name = "quality"

    def rules_for(self, table: Table) -> Sequence[scanner.model.Rule]:
        return [rule.as_scanner_rule() for rule in rules_to_check(table)]

    def store(self, *, table: Table, reading: scanner.model.Reading, run: ScanRun) -> None:
        store_results(table=table, reading=reading, run=run)

    def finish(self, *, run: ScanRun) -> None:
        keep_source_score(run=run)
        drop_expired_keys()
