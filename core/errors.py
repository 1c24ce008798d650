"""What may go wrong in a call of the API, beyond DRF's own exceptions; core.problems puts it into words."""

from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework import exceptions


class BadParameter(exceptions.ValidationError):
    """A query parameter that is unknown or has an impossible value; the problem names it."""

    def __init__(self, **errors: Any) -> None:
        super().__init__({name: [detail] if isinstance(detail, str) else detail for name, detail in errors.items()})


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = gettext_lazy("请求内容超过大小限制。")


class Conflict(exceptions.APIException):
    status_code = 409
    default_code = "conflict"
    default_detail = gettext_lazy("当前状态不允许此操作。")


class PreconditionFailed(exceptions.APIException):
    status_code = 412
    default_code = "precondition_failed"
    default_detail = gettext_lazy("读取之后内容已有变化，请重新读取后再修改。")


class PreconditionRequired(exceptions.APIException):
    status_code = 428
    default_code = "precondition_required"
    default_detail = gettext_lazy("请在 If-Match 头中给出读取时得到的 ETag。")
