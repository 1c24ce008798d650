"""What may go wrong in a call of the API, beyond DRF's own exceptions; core.problems puts it into words."""

from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework import exceptions

from core.outage import LOST_DATABASE, storage_full


class BadParameter(exceptions.ValidationError):
    """A query parameter that is unknown or has an impossible value; the problem names it."""

    def __init__(self, **errors: Any) -> None:
        super().__init__({name: [detail] if isinstance(detail, str) else detail for name, detail in errors.items()})


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = gettext_lazy("请求内容超过大小限制。")


class Unavailable(exceptions.APIException):
    """Our database is away, or the moment was a bad one; the same request may succeed in seconds."""

    status_code = 503
    default_code = "unavailable"
    default_detail = gettext_lazy("数据库没有响应，请稍后重试；已保存的数据不受影响。")
    wait = 4  # seconds; Retry-After says one more


class StorageFull(exceptions.APIException):
    status_code = 507
    default_code = "storage_full"
    default_detail = gettext_lazy("平台的磁盘空间已满，内容没有保存；已保存的数据不受影响。请联系系统管理员清理磁盘。")


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


def outage(error: BaseException | None) -> exceptions.APIException | None:
    """What the failure of a machine under us is for whoever asks: a full disk, a database away, or None: a fault of ours."""
    if storage_full(error):
        return StorageFull()
    return Unavailable() if isinstance(error, LOST_DATABASE) else None
