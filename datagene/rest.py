"""Settings of the REST interface, as plain data: settings.py imports this before Django is ready."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["core.api_access.BearerAuthentication", "core.api_access.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["core.api_access.MayCall"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api_access.RateLimit"],
    "DEFAULT_PARSER_CLASSES": ["core.api_access.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["core.api_access.CompactJSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "core.paging.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["core.api_access.FilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "datagene.openapi.Schema",
    "EXCEPTION_HANDLER": "core.problems.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": None,
    "UNICODE_JSON": True,
    "COMPACT_JSON": True,
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Data Gene API",
    "DESCRIPTION": "Census, quality and quantity of an agency's data. The guide is docs/api.md.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["core.api_access.Anyone"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {  # several fields are called state, kind, level or status
        "JobState": "core.choices.JobState",
        "ItemState": "core.choices.ItemState",
        "ObjectState": "assets.choices.ObjectState",
        "SystemKind": "assets.choices.SystemKind",
        "TableKind": "assets.choices.TableKind",
        "CountMethod": "assets.choices.Method",
        "SystemStatus": "assets.choices.SystemStatus",
        "EditionState": "standards.choices.EditionState",
        "NameKind": "standards.choices.NameKind",
        "SecurityLevel": "standards.choices.Level",
        "StandardLevel": "standards.choices.StandardLevel",
        "TextStatus": "standards.choices.TextStatus",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "datagene.openapi.complete"],
}
