"""Makes the job kinds of these tests known to whoever runs with their settings."""

from django.apps import AppConfig


class Kinds(AppConfig):
    name = "tests.hostile.faults"
    label = "hostile_faults"

    def ready(self) -> None:
        from tests.hostile.faults import kinds

        kinds.register()
