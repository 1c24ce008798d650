"""管质量: registers what this app adds to the platform."""

from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "quality"
    verbose_name = "管质量"

    def ready(self) -> None:
        from assets import contributors  # slow import: models are loaded only now
        from quality import (  # slow import: models are loaded only now
            documents,
            impacts,
            indicators,
            navigation,
            panels,
        )
        from quality.contributor import QualityContributor  # slow import: models are loaded only now

        contributors.register(QualityContributor())
        documents.register()
        impacts.register_all()
        indicators.register_all()
        navigation.register_all()
        panels.register_all()
