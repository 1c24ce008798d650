"""Logs: one JSON object a line, UTC, with request_id or job_id, without secrets, and safe against forged lines."""

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_NAME = re.compile(r"passw|secret|token|authorization|cookie|credential|api_?key|\bdsn\b", re.IGNORECASE)
SECRET_IN_TEXT = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@|(?i:\bbearer\s+\S+)|\bdg_[A-Za-z0-9_-]{16,}")
# json.dumps escapes what is below U+0020; these too end a line, steer a terminal, or turn the direction of a line.
LINE_BREAKERS = {
    code: f"\\u{code:04x}"
    for code in (*range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}
CONTROLS = {**{code: f"\\u{code:04x}" for code in range(0x20)}, **LINE_BREAKERS, 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}
HIDDEN = "***"

Event = MutableMapping[str, Any]


def scrub(_logger: Any, _method: str, event: Event) -> Event:
    """Hide values under telling names, and passwords and tokens inside any text (tracebacks too)."""
    event.pop("request", None)  # Django's own lines carry it, and its text the query: names and numbers of persons
    for name, value in event.items():
        event[name] = HIDDEN if SECRET_NAME.search(name) else _scrubbed(value)
    return event


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_IN_TEXT.sub(_hide, value)
    if isinstance(value, dict):
        return {name: HIDDEN if SECRET_NAME.search(str(name)) else _scrubbed(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else _scrubbed(str(value))


def _hide(found: re.Match[str]) -> str:
    return f"{found[1]}:{HIDDEN}@" if found[0].endswith("@") else HIDDEN


def escape(_logger: Any, _method: str, event: Event) -> Event:
    """For the form that people read: no value breaks a line or steers the terminal; the lines of a traceback stand apart."""
    for name, value in event.items():
        if name in ("exception", "stack"):
            event[name] = "\n".join(f"  | {line.translate(CONTROLS)}" for line in str(value).split("\n"))
        elif value is not None and not isinstance(value, bool | int | float):
            event[name] = str(value).translate(CONTROLS)
    return event


def one_line(_logger: Any, _method: str, line: str) -> str:
    return line.translate(LINE_BREAKERS)


_shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    structlog.processors.UnicodeDecoder(),
]
_finish: list[Any] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    scrub,
    structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    one_line,
]


def configuration(level: str, form: str) -> dict[str, Any]:
    """The `logging` dictionary: everything to stderr, where systemd, docker or the supervisor collects it."""
    finish = _finish if form == "json" else [*_finish[:2], escape, structlog.dev.ConsoleRenderer(colors=False)]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "ours": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared,
                "processors": finish,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "ours"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True, "level": "INFO"},
            "django.server": {"handlers": [], "propagate": False, "level": "ERROR"},
            "celery": {"handlers": [], "propagate": True, "level": "WARNING"},
            "gunicorn.access": {"handlers": [], "propagate": False},
        },
    }


def configure(settings: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG hook: the standard library's loggers and structlog's end in the same line format."""
    logging.config.dictConfig(settings)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
