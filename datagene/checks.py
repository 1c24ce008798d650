"""Checks of a whole installation (`manage.py check --deploy`), beside Django's own."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from core import keys
from datagene import ownership


@register(Tags.security, deploy=True)
def key_file_opens(**_kwargs: Any) -> list[CheckMessage]:
    """The key file must hold a usable key before the first source password is sealed, not when it is."""
    try:
        keys.current()
    except keys.KeyFileError as error:
        return [Error(str(error), hint="docs/deploy.md, 'Once'", id="datagene.E001")]
    return []


@register(Tags.security, deploy=True)
def public_url_is_https(**_kwargs: Any) -> list[CheckMessage]:
    """Signing in over plain HTTP shows passwords to the network (GB/T 22239-2019 8.1.4.1 c)."""
    if urlsplit(settings.PUBLIC_URL).scheme == "https":
        return []
    return [Warning("PUBLIC_URL is not https://: cookies and passwords travel in clear text", id="datagene.W001")]


@register(Tags.security, deploy=True)
def source_networks_are_named(**_kwargs: Any) -> list[CheckMessage]:
    """Whoever may register a source may connect from our host: say how far."""
    if "*" in settings.SOURCE_NETWORKS:
        return [Warning("SOURCE_NETWORKS is *: a source may point at any host of the network", id="datagene.W002")]
    return []


@register(Tags.database, deploy=True)
def audit_trail_is_out_of_reach(databases: Any = None, **_kwargs: Any) -> list[CheckMessage]:
    """`check --deploy --database default`: the role of web and workers must not be able to rewrite what it did."""
    if not databases or not ownership.may_change_trail():
        return []
    hint = "give the tables an owner of their own: DATABASE_OWNER_URL, docs/deploy.md, 'Once'"
    return [Warning("the application's database role may change the audit trail", hint=hint, id="datagene.W003")]
