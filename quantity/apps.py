"""管数量: registers what this app adds to the platform."""

from django.apps import AppConfig


class QuantityConfig(AppConfig):
    name = "quantity"
    verbose_name = "管数量"

    def ready(self) -> None:
        from quantity import indicators, navigation, panels, receivers  # slow import: models are loaded only now

        receivers.connect()
        indicators.register_indicators()
        navigation.register()
        panels.register_panels()
