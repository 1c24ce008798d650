"""Command line: ``python -m scanner snapshot|profile|check SOURCE``. JSON on standard output.

Exit status 0: done, every rule passed. 1: the check ran and a rule failed or could not run. 2: could not be done;
standard output holds ``{"error": {"code", "message", …}}`` and standard error the message on one line.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from scanner.errors import RuleError, SourceError
from scanner.lean import settle, without

if TYPE_CHECKING:
    from scanner.connectors.base import Connector
    from scanner.model import Reading, Table

DONE, RULES_BROKEN, NOT_DONE = 0, 1, 2


class UsageError(Exception):
    """The command line or the rules file is not as it should be."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        given = _parser().parse_args(arguments)
        answer, status = _run(given)
    except (SourceError, RuleError, UsageError, OSError) as error:
        return _refuse(error)
    except KeyboardInterrupt:
        return _refuse(UsageError("interrupted"))
    except Exception as error:  # a fault of ours: told in one line all the same
        return _refuse(error)
    _print(answer)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m scanner", description="Read a data source: what is there, profiles, rule checks.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="snapshot|profile|check")
    for name, help_text in (
        ("snapshot", "what the source holds"), ("profile", "measures of a table"), ("check", "rules on a table"),
    ):  # fmt: skip
        command = commands.add_parser(name, help=help_text)
        command.add_argument(
            "source",
            help="postgresql://user@host/db, mysql://…, sqlite:///file, files:///folder; the password in SCANNER_PASSWORD",
        )
        if name == "snapshot":
            continue
        command.add_argument("--table", required=True, help="SCHEMA.TABLE, or a name that is unique in the source")
        command.add_argument("--schema", help="the schema literally; --table is then the bare name")
        command.add_argument("--plan", choices=("auto", "pull", "push"), default="auto")
        if name == "profile":
            command.add_argument(
                "--sketch", action="store_true", help="add keyed sketches; the key in SCANNER_SKETCH_KEY"
            )
        else:
            command.add_argument("--rules", required=True, help="a JSON file with a list of rules")
    return parser


def _run(given: argparse.Namespace) -> tuple[Mapping[str, Any], int]:
    rules = _rules(given.rules) if given.command == "check" else ()
    with _open(given.source) as connector:
        if given.command == "snapshot":
            return connector.snapshot().as_json(), DONE
        table = _table(connector, given.schema, given.table)
        if given.command == "profile":
            return _profile(connector, table, given), DONE
        return _check(connector, table, rules, given.plan)


def _open(source: str) -> "Connector":
    from scanner.connectors.registry import open_source  # slow import
    from scanner.source import parse_source  # slow import

    kind, parameters, secrets = parse_source(source, os.environ.get("SCANNER_PASSWORD"))
    return open_source(kind, parameters, secrets)


def _table(connector: "Connector", schema: str | None, name: str) -> "Table":
    from scanner.resolve import find_table  # slow import

    return find_table(connector, name, schema)


def _profile(connector: "Connector", table: "Table", given: argparse.Namespace) -> Mapping[str, Any]:
    from scanner.reading import read_table  # slow import

    key = None
    if given.sketch:
        key = os.environ.get("SCANNER_SKETCH_KEY", "").encode()
        if len(key) < 16:
            raise UsageError("--sketch needs a key of at least 16 bytes in the environment variable SCANNER_SKETCH_KEY")
    reading = read_table(connector, table, plan=given.plan, sketch_key=key)
    return _head(reading) | {"columns": [column.as_json() for column in reading.columns]}


def _check(connector: "Connector", table: "Table", rules: Sequence[Any], plan: str) -> tuple[Mapping[str, Any], int]:
    from scanner.reading import read_table  # slow import
    from scanner.rules import bind  # slow import

    for rule in rules:
        bind(rule, table)  # a rule that does not fit the table is refused before anything is read
    reading = read_table(connector, table, profile=False, rules=rules, plan=plan)
    passed = all(result.passed for result in reading.results)
    return _head(reading) | {
        "results": [result.as_json() for result in reading.results]
    }, DONE if passed else RULES_BROKEN


def _head(reading: "Reading") -> dict[str, Any]:
    return {"rows": reading.rows, "plan": reading.plan, "statements": reading.statements}


def _rules(path: str) -> Sequence[Any]:
    from scanner.rules import parse_rules  # slow import

    try:
        with open(path, encoding="utf-8-sig") as file:
            given = json.load(file, parse_float=Decimal)  # 0.10 stays 0.10
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}") from None
    return parse_rules(given)


def _refuse(error: BaseException) -> int:
    message = " ".join(str(error).split()) or type(error).__name__
    answer: dict[str, Any] = {"code": "failed", "message": message}
    if isinstance(error, SourceError):
        answer |= {"code": error.code, "params": {name: str(value) for name, value in error.params.items()}}
    elif isinstance(error, RuleError):
        answer |= {"code": "bad_rule", "rule": error.rule, "field": error.field}
    elif isinstance(error, UsageError):
        answer["code"] = "usage"
    elif isinstance(error, OSError):
        answer["code"] = "file"
    _print({"error": answer})
    print(message, file=sys.stderr)
    return NOT_DONE


def _print(answer: Mapping[str, Any]) -> None:
    """JSON in UTF-8, whatever the locale says."""
    text = json.dumps(answer, ensure_ascii=False, allow_nan=False)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    settle()
    without("pandas")  # half a second that a command has no use for
    status = main()
    sys.stderr.flush()
    os._exit(status)  # all is said and closed; taking the interpreter apart costs as much as a small table
