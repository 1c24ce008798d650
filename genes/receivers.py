"""What genes answers to: after a census or a scan the columns of the source are matched; after a decision its element is grouped anew."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from assets import signals
from genes.models import Decision


@receiver([signals.census_finished, signals.scan_finished])
def match_the_source(sender: Any, run: Any, **kwargs: Any) -> None:
    from genes.services.matching import request_matching  # slow import

    request_matching(source=run.source)


@receiver(post_save, sender=Decision)
def group_the_element(sender: Any, instance: Decision, created: bool, **kwargs: Any) -> None:
    from genes.services.relating import request_relating  # slow import

    if created:
        request_relating()
