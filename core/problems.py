"""RFC 9457 problem documents: every error under /api/ is one, in the language asked for, never with a trace."""

import logging
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from core.errors import BadParameter, TooLarge, outage

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TYPE = "urn:datagene:problem:"  # + code; stable, so that programs may compare it
TITLES = {
    "bad_request": gettext_lazy("请求有误"),
    "parse_error": gettext_lazy("请求内容无法解析"),
    "invalid": gettext_lazy("请求内容未通过校验"),
    "bad_parameter": gettext_lazy("查询参数有误"),
    "not_authenticated": gettext_lazy("需要登录"),
    "authentication_failed": gettext_lazy("凭据无效"),
    "permission_denied": gettext_lazy("没有权限"),
    "insufficient_scope": gettext_lazy("令牌的权限范围不足"),
    "password_due": gettext_lazy("需要先修改密码"),
    "not_found": gettext_lazy("没有找到"),
    "method_not_allowed": gettext_lazy("不支持此方法"),
    "not_acceptable": gettext_lazy("不能提供所要的格式"),
    "conflict": gettext_lazy("与当前状态冲突"),
    "precondition_failed": gettext_lazy("内容已被他人修改"),
    "precondition_required": gettext_lazy("需要 If-Match 头"),
    "too_large": gettext_lazy("请求内容过大"),
    "unsupported_media_type": gettext_lazy("不支持此内容类型"),
    "unavailable": gettext_lazy("暂时无法使用"),
    "storage_full": gettext_lazy("磁盘空间已满"),
    "throttled": gettext_lazy("请求过于频繁"),
    "error": gettext_lazy("服务器内部错误"),
}


def document(
    status: int, code: str, detail: str = "", instance: str = "", errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """The members of RFC 9457 §3.1 with our extensions `errors` (`pointer` or `parameter`, and `detail`) and `traceId`."""
    body: dict[str, Any] = {
        "type": TYPE + code,
        "title": str(TITLES.get(code, TITLES["bad_request"])),
        "status": status,
        "detail": detail or str(TITLES.get(code, TITLES["bad_request"])),
        "instance": instance,
        "traceId": _trace_id(),
    }
    if errors:
        body["errors"] = errors
    return body


def _trace_id() -> str:
    """The request's id in the log lines, so that a problem can be followed there."""
    return str(structlog.contextvars.get_contextvars().get("request_id") or uuid.uuid4().hex)


def problem_response(request: HttpRequest, status: int, code: str, detail: str = "") -> JsonResponse:
    """A problem from outside DRF (a middleware, an error page under /api/)."""
    body = document(status, code, detail, request.path)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's hook: any exception becomes a problem; an unforeseen one is logged under its traceId and says nothing."""
    request = context["request"]
    known = _as_api_exception(exc)
    set_rollback()
    if known is not None and known.status_code >= 500:
        log.warning("the platform is out of order: %s", type(exc).__name__, exc_info=exc)
    if known is None:
        body = document(500, "error", _("处理请求时出错，可凭 traceId 向管理员查询。"), request.path)
        log.error("unhandled error under /api/, trace %s", body["traceId"], exc_info=exc)
        got_request_exception.send(sender=context["view"].__class__, request=request._request)
        return Response(body, status=500, content_type=CONTENT_TYPE)
    errors = None
    if isinstance(known, exceptions.ValidationError):
        where = "parameter" if isinstance(known, BadParameter) else "pointer"
        errors = [{where: place, "detail": text} for place, text in _flatten(known.detail, "", where)]
        code = "bad_parameter" if where == "parameter" else "invalid"
        detail = "；".join(error["detail"].rstrip("。") for error in errors) + "。"
    else:
        codes = known.get_codes()
        code = codes if isinstance(codes, str) and codes in TITLES else known.default_code
        detail = str(known.detail)
    body = document(known.status_code, code, detail, request.path, errors)
    headers = {"Cache-Control": "no-store"}
    if getattr(known, "auth_header", None):
        headers["WWW-Authenticate"] = known.auth_header  # type: ignore[attr-defined]
    if getattr(known, "wait", None):
        headers["Retry-After"] = str(int(known.wait) + 1)  # type: ignore[attr-defined]
    return Response(body, status=known.status_code, headers=headers, content_type=CONTENT_TYPE)


def _as_api_exception(exc: Exception) -> exceptions.APIException | None:
    if isinstance(exc, exceptions.APIException):
        return exc
    if isinstance(exc, Http404):
        return exceptions.NotFound(_("没有这个对象，或无权查看。"))
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied(str(exc) or _("没有执行此操作的权限。"))
    if isinstance(exc, RequestDataTooBig):
        return TooLarge()
    if isinstance(exc, SuspiciousOperation):  # too many fields or files
        return exceptions.ParseError()
    if isinstance(exc, DjangoValidationError):
        detail = exc.message_dict if hasattr(exc, "error_dict") else exc.messages
        if isinstance(detail, dict) and "__all__" in detail:
            detail["non_field_errors"] = detail.pop("__all__")
        return exceptions.ValidationError(detail)
    return outage(exc)


def _flatten(detail: Any, place: str, where: str) -> Iterator[tuple[str, str]]:
    """(JSON pointer or parameter name, sentence) of every error in DRF's nested detail."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            if name == "non_field_errors":
                yield from _flatten(inner, place, where)
            elif where == "parameter":
                yield from _flatten(inner, str(name), where)
            else:
                yield from _flatten(inner, f"{place}/{str(name).replace('~', '~0').replace('/', '~1')}", where)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list) and where == "pointer"
            yield from _flatten(inner, f"{place}/{index}" if nested else place, where)
    else:
        yield place, str(detail)
