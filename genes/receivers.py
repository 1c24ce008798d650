"""What genes answers to: after a census or a scan the columns of the source are matched."""

from typing import Any

from django.dispatch import receiver

from assets import signals


@receiver([signals.census_finished, signals.scan_finished])
def match_the_source(sender: Any, run: Any, **kwargs: Any) -> None:
    from genes.services.matching import request_matching  # slow import

    request_matching(source=run.source)
