"""管基因: registers what this app adds to the platform."""

from django.apps import AppConfig


class GenesConfig(AppConfig):
    name = "genes"
    verbose_name = "管基因"

    def ready(self) -> None:
        from assets import contributors  # slow import: models are loaded only now
        from genes import (  # slow import
            impacts,
            indicators,
            jobs,
            messages,  # noqa: F401
            navigation,
            panels,
            receivers,  # noqa: F401
            workflows,
        )
        from genes.contributor import GenesContributor  # slow import: models are loaded only now

        contributors.register(GenesContributor())
        impacts.register_all()
        indicators.register_all()
        jobs.register_kinds()
        navigation.register_all()
        panels.register_all()
        workflows.register_all()
