"""管标准: registers what this app adds to the platform."""

from django.apps import AppConfig


class StandardsConfig(AppConfig):
    name = "standards"
    verbose_name = "管标准"

    def ready(self) -> None:
        from standards import (  # slow import: models are loaded only now
            documents,
            impacts,
            indicators,
            navigation,
            workflows,
        )

        documents.register()
        impacts.register_all()
        indicators.register_all()
        navigation.register_all()
        workflows.register_all()
