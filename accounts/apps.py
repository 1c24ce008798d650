"""机构与人员: registers what this app adds to the platform."""

from types import SimpleNamespace

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "机构与人员"

    def ready(self) -> None:
        from accounts import (  # slow import: models are loaded only now
            documents,
            permissions,
            receivers,
            scope,
            services,
        )
        from core import api_access, visibility  # slow import: models are loaded only now

        api_access.register_token_lookup(lambda secret: services.authenticate_token(secret=secret))
        visibility.register(SimpleNamespace(visible_to=scope.visible_to, can=permissions.can))
        receivers.connect()
        documents.register()
