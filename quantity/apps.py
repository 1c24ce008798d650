"""管数量: registers what this app adds to the platform."""

from django.apps import AppConfig


class QuantityConfig(AppConfig):
    name = "quantity"
    verbose_name = "管数量"
