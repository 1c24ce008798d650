"""管标准: registers what this app adds to the platform."""

from django.apps import AppConfig


class StandardsConfig(AppConfig):
    name = "standards"
    verbose_name = "管标准"

    def ready(self) -> None:
        from standards import documents, indicators, navigation, workflows  # slow import: models are loaded only now

        documents.register()
        indicators.register_all()
        navigation.register_all()
        workflows.register_all()
