"""What can go wrong with a source, each by a code that the interface translates.

A code is stable and language-free; ``params`` name what and where (host, port, table, …) and never
hold a secret. The command line prints the English sentence, pages print the translated one.
"""

from typing import Any, Self


class Said(str):
    """A sentence in English that remembers how it was made, so that it can be said in another language.

    ``code`` is a key of ``MESSAGES`` or, for sentences without one, the template itself; ``params`` are what it names,
    sentences among them.
    """

    code: str
    params: dict[str, Any]

    def __new__(cls, template: str, code: str, params: dict[str, Any]) -> Self:
        made = super().__new__(cls, template.format_map(_Blank(params)))
        made.code, made.params = code, params
        return made

    def __getnewargs__(self) -> tuple[str, str, dict[str, Any]]:  # type: ignore[override]
        """For a copy in another process: the sentence stands as it is."""
        return self.replace("{", "{{").replace("}", "}}"), self.code, self.params


def said(template: str, /, **params: Any) -> Said:
    """A sentence whose template is its code. Quote texts with ``!r`` in the template, so that codes stay codes."""
    return Said(template, template, params)


class SourceError(Exception):
    """A source, file or object could not be read. ``code`` is one of ``MESSAGES``."""

    def __init__(self, code: str, **params: Any) -> None:
        if code not in MESSAGES:
            raise ValueError(f"unknown error code {code!r}")
        self.code = code
        self.params = params
        self.said = Said(MESSAGES[code], code, params)
        super().__init__(self.said)


class RuleError(ValueError):
    """A rule that cannot be run: names the rule and the field at fault."""

    def __init__(self, rule: str, field: str, detail: Said) -> None:
        self.rule, self.field, self.detail = rule, field, detail
        self.said = said("rule {rule!r}, field {field!r}: {detail}", rule=rule, field=field, detail=detail)
        super().__init__(self.said)


def told(error: Exception) -> str:
    """What an error says: a ``Said`` where it is one of ours, else its first line."""
    known: Said | None = getattr(error, "said", None)
    return known or (str(error).splitlines() or [type(error).__name__])[0]


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


MESSAGES: dict[str, str] = {
    "wrong_password": "{user}@{host}:{port} was refused: user name or password is wrong",
    "unknown_database": "database {database} does not exist on {host}:{port}",
    "unreachable": "{host}:{port} does not answer ({reason})",
    "host_refused": "host {host} is not allowed by the network policy",
    "timeout": "no answer from {host}:{port} within {seconds} s",
    "connection_lost": "the connection to {host}:{port} was lost while reading {object}",
    "no_permission": "the account may not read {object}",
    "no_such_table": "there is no table {object}",
    "ambiguous_table": "{object} is the name of several tables: {candidates}",
    "read_failed": "{object} could not be read: {reason}",
    "driver_missing": "the driver for {kind} is not installed; run: {command}",
    "bad_parameter": "parameter {name}: {reason}",
    "no_such_path": "{path} does not exist or cannot be opened",
    "outside_folder": "{path} leads out of the folder of the source",
    "not_a_workbook": "{path} is not an Excel workbook (xlsx)",
    "not_parquet": "{path} is not a Parquet file",
    "not_sqlite": "{path} is not a SQLite database",
    "bad_encoding": "{path} is neither UTF-8 nor GB18030 (line {line})",
    "bad_csv": "{path} is no readable table: {reason}",
    "file_rejected": "{path} was rejected: {reason}",
    "too_large": "{object} is larger than allowed: {reason}",
    "file_demanded": "{host}:{port} asked for a file of this machine, got none and was cut off; do not trust it",
    "tables_cut": "the source has {found} tables, of which the first {kept} by name are listed",
    "not_listed": "{object} is not among the first {kept} of {found} tables, which alone are listed",
    "columns_cut": "{object} has {found} columns, of which the first {kept} are listed",
    "row_too_large": "{object} has a row of more than {megabytes} MiB",
    "out_of_memory": "measuring {object} takes more memory or disk than a reading may have",
    "bad_answer": "{source} answered {object} in a way that makes no sense: {reason}",
    "answer_too_large": "the server sent more than {megabytes} MiB for {object}; the connection was cut",
    "unsupported": "{kind} does not support {feature}",
}
