"""管质量: registers what this app adds to the platform."""

from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "quality"
    verbose_name = "管质量"
