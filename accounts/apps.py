"""机构与人员: registers what this app adds to the platform."""

from types import SimpleNamespace

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "机构与人员"

    def ready(self) -> None:
        from accounts import permissions, receivers, scope  # slow import: models are loaded only now
        from core import visibility  # slow import: models are loaded only now

        visibility.register(SimpleNamespace(visible_to=scope.visible_to, can=permissions.can))
        receivers.connect()
