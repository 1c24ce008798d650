"""管资产: registers what this app adds to the platform."""

from django.apps import AppConfig


class AssetsConfig(AppConfig):
    name = "assets"
    verbose_name = "管资产"
