"""The OpenAPI 3.1 document: what drf-spectacular finds out, completed with problems, headers and preconditions."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from core.problems import CONTENT_TYPE, TITLES, TYPE

METHODS = ("get", "post", "patch", "put", "delete")


class Schema(AutoSchema):
    """Lists answer the read serializer; a writing action answers it too, whatever shape its body has."""

    def get_response_serializers(self) -> Any:
        view: Any = self.view
        if getattr(view, "write_serializer_class", None) and getattr(view, "action", "") in (
            "create",
            "partial_update",
        ):
            return view.serializer_class
        return super().get_response_serializers()


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "core.api_access.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "dg_… of 我的账号 > 令牌"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "core.api_access.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Writing also needs X-CSRFToken."}


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Postprocessing hook of drf-spectacular."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _problem_schema()
    components["responses"] = {f"Problem{status}": _response(text) for status, text in _STATUSES.items()}
    components["headers"] = _HEADERS
    for path, operations in result.get("paths", {}).items():
        for method in METHODS:
            if method in operations:
                _complete_operation(path, method, operations[method])
    return result


def _complete_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    parameters[:] = [one for one in parameters if one["in"] != "path" or f"{{{one['name']}}}" in path]
    statuses = {400, 401, 403, 406, 429, 500}
    if "{" in path:
        statuses.add(404)
    if method in ("post", "patch", "put"):
        statuses |= {409, 413, 415}
    if method in ("patch", "put", "delete"):
        statuses |= {412, 428}
        operation.setdefault("parameters", []).append(_IF_MATCH)
    responses = operation.setdefault("responses", {})
    if method == "get" and "200" in responses:
        operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
        responses["304"] = {"description": "Unchanged since If-None-Match."}
        headers = responses["200"].setdefault("headers", {})
        headers["ETag"] = {"$ref": "#/components/headers/ETag"}
        if any(parameter.get("name") == "cursor" for parameter in operation["parameters"]):
            headers["Link"] = {"$ref": "#/components/headers/Link"}
            headers["X-Total-Count"] = {"$ref": "#/components/headers/X-Total-Count"}
    for status in sorted(statuses):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})


def _problem_schema() -> dict[str, Any]:
    error = {"pointer": {"type": "string"}, "parameter": {"type": "string"}, "detail": {"type": "string"}}
    return {
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "detail", "instance", "traceId"],
        "properties": {
            "type": {"type": "string", "format": "uri", "enum": [TYPE + code for code in TITLES]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
            "traceId": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {"type": "object", "required": ["detail"], "properties": error},
            },
        },
    }


def _response(text: str) -> dict[str, Any]:
    return {"description": text, "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


_STATUSES = {
    400: "Body or parameter at fault; `errors` says where.",
    401: "No credentials, or useless ones.",
    403: "Not permitted, or outside the token's scopes.",
    404: "No such thing, or not visible.",
    406: "Only application/json is on offer.",
    409: "The present state does not allow it.",
    412: "Changed since it was read.",
    413: "Body too large.",
    415: "Only application/json is read.",
    428: "If-Match is missing.",
    429: "Too many calls; see Retry-After.",
    500: "Our fault; quote the traceId.",
}
_HEADERS = {
    "ETag": {
        "schema": {"type": "string"},
        "description": "State of this representation, for If-None-Match and If-Match.",
    },
    "Link": {"schema": {"type": "string"}, "description": "RFC 8288: first, prev, next."},
    "X-Total-Count": {"schema": {"type": "integer"}, "description": "All rows that match."},
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": "The ETag that was read.",
}
_IF_NONE_MATCH = {"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}}
