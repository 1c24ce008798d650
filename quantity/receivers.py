"""What this app does when assets has news."""

from typing import Any

from assets import signals
from assets.models import CensusRun, ScanRun
from quantity import services
from quantity.choices import Origin


def after_census(sender: Any, run: CensusRun, **kwargs: Any) -> None:
    services.take_samples(run=run, origin=Origin.CENSUS)


def after_scan(sender: Any, run: ScanRun, **kwargs: Any) -> None:
    services.take_samples(run=run, origin=Origin.SCAN)


def connect() -> None:
    signals.census_finished.connect(after_census, dispatch_uid="quantity.after_census")
    signals.scan_finished.connect(after_scan, dispatch_uid="quantity.after_scan")
