"""管资产: registers what this app adds to the platform."""

from django.apps import AppConfig


class AssetsConfig(AppConfig):
    name = "assets"
    verbose_name = "管资产"

    def ready(self) -> None:
        from assets import (
            documents,
            indicators,
            jobs,
            messages,
            navigation,
            panels,
        )  # slow import: models are loaded only now
        from core import crypto  # slow import: models are loaded only now

        messages.register()
        jobs.register_kinds()
        indicators.register_indicators()
        navigation.register()
        panels.register_panels()
        documents.register()
        crypto.register_sealed("assets.DataSource", "sealed_secrets")
