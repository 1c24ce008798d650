"""Rules as people write them (JSON) → ``Rule``; every fault names the rule and the field."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from scanner.errors import RuleError, Said, said
from scanner.model import Rule
from scanner.rules.durations import parse_duration
from scanner.rules.kinds import RULE_KINDS, ParameterSpec, RuleKind
from scanner.values.dates import FormatError, parse_format

_FIELDS = ("id", "kind", "columns", "parameters", "where", "mostly")
_PATTERN_LIMIT = 10_000  # characters of a regular expression
_VALUES_LIMIT = 100_000

Number = (int, float, Decimal)


def parse_rules(given: Any) -> tuple[Rule, ...]:
    """A list of rules with distinct ids. Raises RuleError."""
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise RuleError("", "rules", said("must be a list of rules"))
    rules = tuple(parse_rule(item, place) for place, item in enumerate(given, start=1))
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise RuleError(rule.id, "id", said("is used by another rule too"))
        seen.add(rule.id)
    return rules


def parse_rule(given: Any, place: int | None = None) -> Rule:
    """One rule, its parameters checked as far as that goes without the table (``bind`` checks the rest).

    Raises RuleError; a rule without an id is called by its place in the list.
    """
    name = f"#{place}" if place else ""
    if not isinstance(given, Mapping):
        raise RuleError(name, "rule", said("must be an object"))
    rule_id = given.get("id")
    if not isinstance(rule_id, str) or not rule_id.strip() or len(rule_id) > 200:
        raise RuleError(name, "id", said("must be a text of 1 to 200 characters"))
    for field in given:
        if field not in _FIELDS:
            raise RuleError(rule_id, str(field), said("is not known; known are {known}", known=", ".join(_FIELDS)))
    kind = RULE_KINDS.get(given["kind"]) if isinstance(given.get("kind"), str) else None
    if kind is None:
        raise RuleError(rule_id, "kind", said("must be one of {known}", known=", ".join(RULE_KINDS)))
    where = given.get("where")
    if where is not None and not isinstance(where, str):
        raise RuleError(rule_id, "where", said("must be text"))
    return Rule(
        id=rule_id, kind=kind.name, columns=_columns(rule_id, kind, given.get("columns", ())),
        parameters=_parameters(rule_id, kind, given.get("parameters")),
        where=where if where and where.strip() else None, mostly=_mostly(rule_id, given.get("mostly")),
    )  # fmt: skip


def _columns(rule_id: str, kind: RuleKind, given: Any) -> tuple[str, ...]:
    if given is None:
        given = ()
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(name, str) for name in given):
        raise RuleError(rule_id, "columns", said("must be a list of column names"))
    if len(set(given)) != len(given):
        raise RuleError(rule_id, "columns", said("names a column twice"))
    if len(given) < kind.least or (kind.most is not None and len(given) > kind.most):
        raise RuleError(
            rule_id,
            "columns",
            said("{kind} takes {wanted}, not {given}", kind=kind.name, wanted=_how_many(kind), given=len(given)),
        )
    return tuple(given)


def _how_many(kind: RuleKind) -> Said:
    if kind.most == 0:
        return said("no columns")
    if kind.most is None:
        return said("one or more columns") if kind.least == 1 else said("at least {least} columns", least=kind.least)
    return said("exactly one column")


def _mostly(rule_id: str, given: Any) -> float:
    if given is None:
        return 1.0
    if isinstance(given, bool) or not isinstance(given, Number) or not 0 <= given <= 1:
        raise RuleError(rule_id, "mostly", said("must be a number from 0 to 1"))
    return float(given)


def _parameters(rule_id: str, kind: RuleKind, given: Any) -> dict[str, Any]:
    given = {} if given is None else given
    if not isinstance(given, Mapping):
        raise RuleError(rule_id, "parameters", said("must be an object"))
    for name in given:
        if kind.parameter(name) is None:
            known = ", ".join(spec.name for spec in kind.parameters) or said("none")
            raise RuleError(
                rule_id,
                f"parameters.{name}",
                said("is no parameter of {kind}; known: {known}", kind=kind.name, known=known),
            )
    found: dict[str, Any] = {}
    for spec in kind.parameters:
        value = given.get(spec.name)
        if value is not None:
            found[spec.name] = _checked(rule_id, spec, value)
        elif spec.required:
            raise RuleError(rule_id, f"parameters.{spec.name}", said("is required by {kind}", kind=kind.name))
    if kind.one_of and not any(name in found for name in kind.one_of):
        raise RuleError(
            rule_id, f"parameters.{kind.one_of[0]}", said("one of {names} is required", names=", ".join(kind.one_of))
        )
    _check_range(rule_id, found)
    return found


def _checked(rule_id: str, spec: ParameterSpec, value: Any) -> Any:
    try:
        value = _CHECKS[spec.type](value)
    except ValueError as error:
        raise RuleError(rule_id, f"parameters.{spec.name}", error.args[0]) from None
    if spec.choices and value not in {choice for choice, _ in spec.choices}:
        known = ", ".join(choice for choice, _ in spec.choices)
        raise RuleError(rule_id, f"parameters.{spec.name}", said("must be one of {known}", known=known))
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(said("must be a text that is not empty"))
    return value


def _values(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not 0 < len(value) <= _VALUES_LIMIT:
        raise ValueError(said("must be a list of 1 to {limit} values", limit=_VALUES_LIMIT))
    for item in value:
        if not isinstance(item, (str, bool, *Number)) or _is_not_finite(item):
            raise ValueError(said("holds {item!r}, which is neither text nor number nor truth value", item=item))
    return tuple(value)


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise ValueError(said("must be a list of column names"))
    return tuple(_text(item) for item in value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(said("must be a whole number, 0 or more"))
    return value


def _bound(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, *Number)) or _is_not_finite(value):
        raise ValueError(said("must be a number or a text"))
    return value


def _is_not_finite(value: Any) -> bool:
    return isinstance(value, (float, Decimal)) and not Decimal(value).is_finite()


def _format(value: Any) -> str:
    try:
        return parse_format(_text(value)).text
    except FormatError as error:
        raise ValueError(error.args[0]) from None


def _duration(value: Any) -> str:
    parse_duration(_text(value))
    return str(value)


def _pattern(value: Any) -> str:
    import re2  # slow import

    pattern = _text(value)
    if len(pattern) > _PATTERN_LIMIT:
        raise ValueError(said("is longer than {limit} characters", limit=_PATTERN_LIMIT))
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "not understood"
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
        raise ValueError(said("is no RE2 regular expression: {reason}", reason=reason)) from None
    return pattern


def _check_range(rule_id: str, found: Mapping[str, Any]) -> None:
    low, high = found.get("min"), found.get("max")
    if low is None or high is None:
        return
    if isinstance(low, str) != isinstance(high, str):
        raise RuleError(rule_id, "parameters.max", said("must be a number when min is one, and a text when min is one"))
    if not isinstance(low, str) and low > high:
        raise RuleError(rule_id, "parameters.min", said("is greater than max"))


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "values": _values, "pattern": _pattern, "count": _count, "bound": _bound, "format": _format, "scheme": _text,
    "table": _text, "names": _names, "duration": _duration,
}  # fmt: skip
