"""The composition root as an app: it brings the commands `up` and `demo` and the checks of a whole installation."""

from django.apps import AppConfig


class DatageneConfig(AppConfig):
    name = "datagene"
    verbose_name = "数据基因"

    def ready(self) -> None:
        from datagene import checks  # noqa: F401  # slow import
