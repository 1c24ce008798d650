"""Writes of accounts: one verb per function, keyword-only, the actor first, atomic, audited.

`actor=None` is the platform itself (set-up, commands on the server); everybody else needs the verb named in the function.
"""

from accounts.services.agencies import create_agency, update_agency
from accounts.services.grants import grant_role, revoke_grant
from accounts.services.people import (
    change_own_password,
    create_person,
    disable_person,
    enable_person,
    reset_password,
    set_preferences,
    update_person,
)
from accounts.services.sign_in import (
    SignInRefused,
    check_sign_in,
    clear_lockout,
    end_other_sessions,
    end_session,
    expire_sessions,
    open_session,
    renew_session,
    sign_out,
    touch_session,
)
from accounts.services.tokens import authenticate_token, create_token, revoke_token

__all__ = [
    "SignInRefused",
    "authenticate_token",
    "change_own_password",
    "check_sign_in",
    "clear_lockout",
    "create_agency",
    "create_person",
    "create_token",
    "disable_person",
    "enable_person",
    "end_other_sessions",
    "end_session",
    "expire_sessions",
    "grant_role",
    "open_session",
    "renew_session",
    "reset_password",
    "revoke_grant",
    "revoke_token",
    "set_preferences",
    "sign_out",
    "touch_session",
    "update_agency",
    "update_person",
]
