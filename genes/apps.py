"""管基因: registers what this app adds to the platform."""

from django.apps import AppConfig


class GenesConfig(AppConfig):
    name = "genes"
    verbose_name = "管基因"
