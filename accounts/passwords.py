"""Password policy by `settings.SECURITY_PROFILE`.

`dengbao3` (GB/T 22239-2019 8.1.4.1: complexity and periodic change) asks for three of four character classes, refuses the
last five passwords and expires one after 90 days. `asvs` (OWASP ASVS 5.0, 6.2.5 and 6.2.10) forbids both kinds of rule.
Both: 12 to 128 characters, nothing common, nothing made of one's own name.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator, UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person

MIN_LENGTH, MAX_LENGTH = 12, 128
CLASSES_NEEDED = 3
HISTORY = 5
MAX_AGE = timedelta(days=90)


def is_dengbao() -> bool:
    return getattr(settings, "SECURITY_PROFILE", "dengbao3") != "asvs"


def policy_text() -> str:
    """The rules as one sentence, for the hint under a password field."""
    if is_dengbao():
        return _("至少 12 个字符，含大写字母、小写字母、数字、符号中的三类；不能与最近 5 次相同，90 天后需更换。")
    return _("至少 12 个字符；不能使用常见密码。")


def validate(password: str, person: Person) -> None:
    """Raise ValidationError, with every reason, when `password` does not meet the policy for `person`."""
    errors: list[str] = []
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        errors.append(_("密码长度为 12 至 128 个字符。"))
    if is_dengbao() and _classes(password) < CLASSES_NEEDED:
        errors.append(_("密码需含大写字母、小写字母、数字、符号中的三类。"))
    for validator in (CommonPasswordValidator(), UserAttributeSimilarityValidator(("username", "name", "email"))):
        try:
            validator.validate(password, person)
        except ValidationError:
            errors.append(_("密码过于常见，或与登录名、姓名、邮箱相似。"))
            break
    if is_dengbao() and not errors and person.pk and _used_before(password, person):
        errors.append(_("不能使用最近 5 次用过的密码。"))
    if errors:
        raise ValidationError(errors)


def must_change(person: Person) -> bool:
    """Whether `person` has to choose a new password before anything else: an initial one, or one past its age."""
    if person.must_change_password:
        return True
    changed = person.password_changed_at
    return is_dengbao() and changed is not None and timezone.now() - changed > MAX_AGE


def _classes(password: str) -> int:
    kinds = {
        "upper" if c.isupper() else "lower" if c.islower() else "digit" if c.isdigit() else "other" for c in password
    }
    return len(kinds)


def _used_before(password: str, person: Person) -> bool:
    former = list(person.former_passwords.values_list("password", flat=True)[: HISTORY - 1])
    return any(check_password(password, encoded) for encoded in [person.password, *former] if encoded)
