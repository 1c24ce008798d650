"""API tokens: made for oneself, shown once, hashed, scoped, expiring."""

import secrets
from collections.abc import Collection
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.choices import TokenScope
from accounts.models import Person, Token
from accounts.services._common import save_clean, target_of
from core import audit

MARK = "dg_"
MAX_DAYS = 365
MAX_TOKENS = 20  # usable ones per person
USE_STEP = timedelta(minutes=1)  # last use is written at most this often


@transaction.atomic
def create_token(*, actor: Person, name: str, scopes: Collection[str], days: int) -> tuple[Token, str]:
    """A new token of `actor` and its secret `dg_<8>_<43>`, which is kept nowhere. `days`: 1 to 365.

    Raises ValidationError naming the field.
    """
    if not 1 <= days <= MAX_DAYS:
        raise ValidationError({"days": _("有效期为 1 至 365 天。")})
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(TokenScope.values):
        raise ValidationError({"scopes": _("至少选择一项权限范围：read、write 或 jobs。")})
    Person.objects.select_for_update(no_key=True).get(pk=actor.pk)  # so that the count below holds
    if actor.tokens.filter(revoked_at__isnull=True, expires_at__gt=timezone.now()).count() >= MAX_TOKENS:
        raise ValidationError(_("最多同时有 20 个有效令牌，请先撤销不用的令牌。"))
    prefix = MARK + secrets.token_hex(4)
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    token = Token(
        person=actor,
        name=name.strip(),
        prefix=prefix,
        digest=Token.digest_of(secret),
        scopes=wanted,
        expires_at=timezone.now() + timedelta(days=days),
    )
    save_clean(token)
    _record(actor, "token.create", token)
    return token, secret


@transaction.atomic
def revoke_token(*, actor: Person, token: Token) -> None:
    """Revoke one's own token; somebody else's is not found. Revoking twice is harmless."""
    token = Token.objects.select_for_update().get(pk=token.pk, person=actor)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        _record(actor, "token.revoke", token)


def authenticate_token(*, secret: str) -> Token | None:
    """The usable token with this secret and its person, or None: unknown, revoked, expired, or the person disabled."""
    if not secret.startswith(MARK) or len(secret) > 200:
        return None
    token = Token.objects.select_related("person").filter(digest=Token.digest_of(secret)).first()
    now = timezone.now()
    if token is None or not token.is_usable(now) or not token.person.is_active:
        return None
    if token.last_used_at is None or now - token.last_used_at > USE_STEP:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _record(actor: Person, verb: str, token: Token) -> None:
    audit.record(
        actor=actor,
        verb=verb,
        target=target_of(token),
        target_label=token.name,
        scope_id=actor.agency_id,
        changes={"prefix": token.prefix, "scopes": token.scopes, "expires_at": token.expires_at.isoformat()},
    )
