"""Notations of the representation of data elements, parsed once; checks in every engine come from the parsed form.

Family A (GB/T 39046-2020, table 3; WS 445): ``a`` letters, ``n`` digits, ``an`` both, ``c`` any characters, followed by a length
(``an18`` exactly, ``an..18`` at most, ``an3..8`` or ``n1-2`` from … to, ``..ul`` unlimited), ``n..17,2`` at most 17 digits, two of them
decimals, a mask (``an5(aannn)``), a date layout (``n8 YYYYMMDD``, ``YYYYMMDDhhmmss``), a unit behind a blank (``n4,1 kg``).
Family B (GB/T 18142-2017): ``C10``, ``C..10``, ``I..4``, ``D16.2`` (16 characters with the point). Alone: ``D`` date, ``DT`` date and time,
``T`` time, ``B`` boolean, ``BLOB`` and ``URL``. Alternatives stand between slashes: ``n6 / c..50``.

Lengths are in characters; a sign and a decimal point are no digits. Command line: ``python -m standards.notation check "an..18" VALUE…``.
"""

import argparse
import json
import re
import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

Kind = Literal["letters", "digits", "alphanumeric", "text", "number", "date", "boolean", "binary"]
_KINDS: dict[str, Kind] = {"a": "letters", "n": "digits", "an": "alphanumeric", "c": "text"}
_CLASSES = {"letters": "A-Za-z", "digits": "0-9", "alphanumeric": "A-Za-z0-9"}
_SHORT: dict[str, tuple[Kind, str]] = {
    "D": ("date", "YYYYMMDD"), "DT": ("date", ""), "T": ("date", "hhmmss"), "D8": ("date", "YYYYMMDD"), "T6": ("date", "hhmmss"),
    "DT15": ("date", "YYYYMMDDThhmmss"), "B": ("boolean", ""), "L": ("boolean", ""), "BLOB": ("binary", ""), "BY": ("binary", ""),
}  # fmt: skip
_LENGTH = r"(?:(?P<fixed>\d{1,6})|(?P<least>\d{1,6})?(?:\.\.|-)(?P<most>\d{1,6}|ul))"
_FAMILY_A = re.compile(
    rf"(?P<type>an|a|n|c){_LENGTH}(?:,(?P<decimals>\d{{1,3}}))?(?:\((?P<mask>[acn]+)\))?", re.IGNORECASE
)
_INTEGER = re.compile(r"I(?:\.\.)?(?P<most>\d{1,6})")
_DECIMAL = re.compile(r"D(?P<width>\d{1,3})\.(?P<decimals>\d{1,3})")
_LAYOUT = re.compile(r"(YYYY|MM|DD|hh|mm|ss|[-/.:T ])+")
_PARTS = {"hh": "(?:[01][0-9]|2[0-3])", "mm": "[0-5][0-9]", "ss": "[0-5][0-9]"}
_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})"
_LEAP = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_MONTH = "(?:0[1-9]|1[0-2])"
TRUTHS = ("0", "1", "true", "false", "t", "f", "y", "n", "yes", "no", "是", "否")


class NotationError(ValueError):
    """A notation that does not parse; says which part, in English, and by ``text`` in either language."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(english)
        self.texts = {"zh": chinese, "en": english}

    def text(self, language: str = "zh") -> str:
        return self.texts["en" if language == "en" else "zh"]


@dataclass(frozen=True)
class Notation:
    """One alternative of a notation: what characters, how many, in which order."""

    kind: Kind
    least: int = 0
    most: int | None = None  # characters; of a number: digits before the point
    decimals: int | None = None
    mask: str = ""
    layout: str = ""
    unit: str = ""

    @property
    def pattern(self) -> str:
        """A full match by RE2, PCRE and PostgreSQL alike, "" when only the length matters. Repetitions stay below 255."""
        if self.mask:
            return "".join(f"[{_CLASSES[_KINDS[c]]}]" if c != "c" else "[^\n]" for c in self.mask.lower())
        if self.kind in _CLASSES:
            return f"[{_CLASSES[self.kind]}]*"
        if self.kind == "number":
            point = f"(?:\\.[0-9]{{1,{self.decimals}}})?" if self.decimals else ""
            return f"[+-]?[0-9]{{1,{self.most}}}{point}"
        if self.kind == "boolean":
            return "(?:" + "|".join(sorted({*TRUTHS, *map(str.upper, TRUTHS), *map(str.capitalize, TRUTHS)})) + ")"
        return _date_pattern(self.layout) if self.kind == "date" else ""


@lru_cache(maxsize=10_000)
def parse(text: str) -> tuple[Notation, ...]:
    """The alternatives of a notation. Raises NotationError naming the part that does not parse."""
    whole = " ".join(text.strip().split())
    if not whole:
        raise NotationError("数据格式为空", "the notation is empty")
    parts = [part.strip() for part in re.split(r"\s/\s", whole)]
    if len(parts) == 1 and "/" in whole and not _LAYOUT.fullmatch(whole):
        parts = [part.strip() for part in whole.split("/")]
    return tuple(_one(part) for part in parts)


def _one(text: str) -> Notation:
    word, _blank, rest = text.partition(" ")
    if (_LAYOUT.fullmatch(text) and "YYYY" in text) or text in ("hhmmss", "hhmm"):
        return _dated(text)
    if rest and _LAYOUT.fullmatch(rest):
        given = _one(word)
        found = _dated(rest)
        if given.most not in (None, found.most):
            raise NotationError(f"{text}：{word} 与 {rest} 长度不同", f"{text!r}: {word} and {rest} differ in length")
        return found
    if rest:
        return replace(_one(word), unit=rest)
    upper = word.upper()
    if upper in _SHORT:
        kind, layout = _SHORT[upper]
        return _dated(layout) if layout else Notation(kind)
    if upper == "URL":
        return Notation("text")
    if upper == "C":
        return Notation("text")
    if integer := _INTEGER.fullmatch(word):
        return Notation("number", most=_positive(integer["most"], word), decimals=0)
    if decimal := _DECIMAL.fullmatch(word):
        width, decimals = int(decimal["width"]), int(decimal["decimals"])
        return Notation("number", most=_positive(width - decimals - (1 if decimals else 0), word), decimals=decimals)
    return _family_a(word)


def _family_a(word: str) -> Notation:
    found = _FAMILY_A.fullmatch(word)
    if not found:
        raise NotationError(f"“{word}”不是数据格式", f"{word!r} is not a notation")
    kind = _KINDS[found["type"].lower()]
    least, most = _lengths(found, word)
    if found["decimals"] is not None:
        if kind != "digits" or most is None:
            raise NotationError(
                f"{word}：只有带长度的 n 可以有小数位", f"{word!r}: only n with a length may have decimals"
            )
        decimals = int(found["decimals"])
        # n..17,2: 17 digits in all; where the decimals are no fewer, the first number counts those before the point.
        return Notation("number", most=most - decimals if most > decimals else most, decimals=decimals)
    mask = found["mask"] or ""
    if mask and (least != most or len(mask) != most):
        raise NotationError(f"{word}：掩码有 {len(mask)} 位", f"{word!r}: the mask has {len(mask)} places")
    if mask and kind != "alphanumeric" and set(mask.lower()) - {found["type"].lower()}:
        raise NotationError(
            f"{word}：掩码含有 {found['type']} 以外的字符类型",
            f"{word!r}: the mask names other characters than {found['type']}",
        )
    return Notation(kind, least, most, mask=mask)


def _lengths(found: re.Match[str], word: str) -> tuple[int, int | None]:
    if found["fixed"]:
        size = _positive(found["fixed"], word)
        return size, size
    least = int(found["least"] or 0)
    most = None if found["most"].lower() == "ul" else _positive(found["most"], word)
    if most is not None and least > most:
        raise NotationError(f"{word}：{least} 大于 {most}", f"{word!r}: {least} is more than {most}")
    return least, most


def _positive(number: str | int, word: str) -> int:
    if int(number) < 1:
        raise NotationError(f"{word}：长度至少为 1", f"{word!r}: a length is 1 or more")
    return int(number)


def _dated(layout: str) -> Notation:
    if (
        layout.count("YYYY") > 1
        or layout.count("MM") > 1
        or layout.count("DD") > 1
        or ("DD" in layout and "MM" not in layout)
    ):
        raise NotationError(f"“{layout}”不是日期格式", f"{layout!r} is no date layout")
    return Notation("date", len(layout), len(layout), layout=layout)


def _date_pattern(layout: str) -> str:
    """Every real day of the years 0001 to 9999 in this layout; any ISO 8601 form when the layout is open (DT)."""
    if not layout:
        joined = [
            f"YYYY{d}MM{d}DD{t}" for d in ("", "-", "/") for t in ("", "Thhmmss", " hh:mm:ss", "Thh:mm:ss", " hh:mm")
        ]
        return "(?:" + "|".join(map(_date_pattern, [*joined, "YYYYMMDDhhmmss"])) + ")"
    if "DD" not in layout:
        return _filled(layout, {"YYYY": _YEAR, "MM": _MONTH})
    days = (
        (_YEAR, "(?:0[13578]|1[02])", "(?:0[1-9]|[12][0-9]|3[01])"), (_YEAR, "(?:0[469]|11)", "(?:0[1-9]|[12][0-9]|30)"),
        (_YEAR, "02", "(?:0[1-9]|1[0-9]|2[0-8])"), (_LEAP, "02", "29"),
    )  # fmt: skip
    return "(?:" + "|".join(_filled(layout, {"YYYY": year, "MM": month, "DD": day}) for year, month, day in days) + ")"


def _filled(layout: str, parts: dict[str, str]) -> str:
    pieces = re.findall(r"YYYY|MM|DD|hh|mm|ss|.", layout)
    return "".join(
        {**_PARTS, **parts}.get(piece) or re.escape(piece).replace("\\ ", " ").replace("\\/", "/") for piece in pieces
    )


# Judging one value ---------------------------------------------------------------------------------------------------

REASONS = {
    "empty": ("值为空", "the value is empty"),
    "length": ("长度应为 %(expected)s 个字符，实际 %(actual)s 个", "must have %(expected)s characters, has %(actual)s"),
    "characters": ("第 %(place)s 个字符“%(character)s”不在允许范围（%(allowed)s）", "character %(place)s, %(character)s, is not allowed (%(allowed)s)"),
    "number": ("不是最多 %(digits)s 位整数、%(decimals)s 位小数的数值", "is not a number of at most %(digits)s digits and %(decimals)s decimals"),
    "date": ("不是 %(layout)s 格式的真实日期", "is not a real date written %(layout)s"),
    "boolean": ("不是布尔值", "is not a boolean"),
}  # fmt: skip
_ALLOWED = {"letters": "a", "digits": "n", "alphanumeric": "an", "text": "c"}


@dataclass(frozen=True)
class Verdict:
    """``reason`` is a key of REASONS ("" when valid), ``facts`` what fills its sentence."""

    valid: bool
    reason: str = ""
    facts: tuple[tuple[str, Any], ...] = ()

    def text(self, language: str = "zh") -> str:
        return REASONS[self.reason][language == "en"] % dict(self.facts) if self.reason else ""


def check(text: str, value: str) -> Verdict:
    """Whether `value` has the form that the notation asks for, by any of its alternatives. Raises NotationError."""
    verdicts = [_judge(notation, value) for notation in parse(text)]
    return next((verdict for verdict in verdicts if verdict.valid), verdicts[0])


def _judge(notation: Notation, value: str) -> Verdict:
    if value == "" and (notation.least > 0 or notation.kind in ("number", "date", "boolean")):
        return Verdict(False, "empty")
    matches = notation.pattern == "" or re.fullmatch(notation.pattern, value) is not None
    if notation.kind in ("number", "date", "boolean"):
        facts = {
            "number": (("digits", notation.most), ("decimals", notation.decimals or 0)),
            "date": (("layout", notation.layout or "ISO 8601"),),
        }
        return Verdict(True) if matches else Verdict(False, notation.kind, facts.get(notation.kind, ()))
    if len(value) < notation.least or (notation.most is not None and len(value) > notation.most):
        return Verdict(False, "length", (("expected", _span(notation)), ("actual", len(value))))
    return Verdict(True) if matches else _wrong_character(notation, value)


def _wrong_character(notation: Notation, value: str) -> Verdict:
    kinds = [_KINDS[c] for c in notation.mask.lower()] or [notation.kind] * len(value)
    for place, (kind, character) in enumerate(zip(kinds, value, strict=True), 1):
        if kind in _CLASSES and not re.fullmatch(f"[{_CLASSES[kind]}]", character):
            return Verdict(
                False, "characters", (("place", place), ("character", character), ("allowed", _ALLOWED[kind]))
            )
    return Verdict(
        False, "characters", (("place", 1), ("character", value[:1]), ("allowed", _ALLOWED.get(notation.kind, "")))
    )


def _span(notation: Notation) -> str:
    if notation.most is None:
        return f"≥{notation.least}"
    if not notation.least:
        return f"≤{notation.most}"
    return str(notation.most) if notation.least == notation.most else f"{notation.least}–{notation.most}"


# The same check elsewhere --------------------------------------------------------------------------------------------


def sql_check(text: str, column: str, dialect: Literal["postgresql", "mysql", "duckdb"]) -> str:
    """A condition that holds for the values that `check` accepts. `column` is the quoted name; NULL gives NULL."""
    return " OR ".join(f"({_condition(notation, column, dialect)})" for notation in parse(text))


def _condition(notation: Notation, column: str, dialect: str) -> str:
    size = f"length({column})" if dialect == "duckdb" else f"char_length({column})"
    tests = []
    if notation.kind not in ("number", "date", "boolean", "binary"):
        if notation.least:
            tests.append(f"{size} >= {notation.least}")
        if notation.most is not None:
            tests.append(f"{size} <= {notation.most}")
    if notation.pattern:
        tests.append(_matching(notation.pattern, column, dialect))
    return " AND ".join(tests) or f"{column} IS NOT NULL OR {column} IS NULL"


def _matching(pattern: str, column: str, dialect: str) -> str:
    quoted = pattern.replace("'", "''")
    if dialect == "duckdb":
        return f"regexp_full_match({column}, '{quoted}')"
    if dialect == "mysql":
        escaped = quoted.replace("\\", "\\\\")
        return f"{column} COLLATE utf8mb4_bin REGEXP '\\\\A(?:{escaped})\\\\z'"
    return f"{column} ~ '^(?:{quoted})$'"


def json_schema(text: str) -> dict[str, Any]:
    """JSON Schema of the value as a string, as it stands on the wire (2020-12)."""
    shapes = []
    for notation in parse(text):
        shape: dict[str, Any] = {"type": "string"}
        if notation.kind not in ("number", "date", "boolean", "binary"):
            shape |= {"minLength": notation.least} if notation.least else {}
            shape |= {"maxLength": notation.most} if notation.most is not None else {}
        shapes.append(shape | ({"pattern": f"^(?:{notation.pattern})$"} if notation.pattern else {}))
    return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}


# Column types by dialect: a whole of digits, true or false, bytes, a moment, fixed and varying text, unlimited text, and how many
# characters varying text takes at most. Lengths are in characters, as the notations count them.
Dialect = Literal["postgresql", "mysql", "oracle", "dameng"]
DIALECTS: tuple[Dialect, ...] = ("postgresql", "mysql", "oracle", "dameng")
_TYPES: dict[str, dict[str, str]] = {
    "postgresql": {"number": "numeric({p},{s})", "boolean": "boolean", "binary": "bytea", "moment": "timestamp",
                   "fixed": "char({n})", "varying": "varchar({n})", "unlimited": "text"},
    "mysql": {"number": "decimal({p},{s})", "boolean": "boolean", "binary": "longblob", "moment": "datetime",
              "fixed": "char({n})", "varying": "varchar({n})", "unlimited": "longtext"},
    "oracle": {"number": "number({p},{s})", "boolean": "number(1)", "binary": "blob", "moment": "timestamp",
               "fixed": "char({n} char)", "varying": "varchar2({n} char)", "unlimited": "clob"},
    "dameng": {"number": "decimal({p},{s})", "boolean": "bit", "binary": "blob", "moment": "timestamp",
               "fixed": "char({n} char)", "varying": "varchar({n} char)", "unlimited": "clob"},
}  # fmt: skip
_VARYING = {
    "postgresql": 16_000,
    "mysql": 16_000,
    "oracle": 1_000,
    "dameng": 900,
}  # four bytes a character, in the smallest page


def ddl_type(text: str, dialect: Dialect) -> str:
    """The column type that holds every value of the notation; of several alternatives the widest."""
    return max((_type(notation, dialect) for notation in parse(text)), key=lambda pair: pair[0])[1]


def _type(notation: Notation, dialect: str) -> tuple[int, str]:
    """(capacity, type)"""
    types = _TYPES[dialect]
    if notation.kind == "number":
        decimals = notation.decimals or 0
        digits = (notation.most or 0) + decimals
        return digits, types["number"].format(p=digits, s=decimals)
    if notation.kind == "boolean":
        return 1, types["boolean"]
    if notation.kind == "binary":
        return 1 << 30, types["binary"]
    if notation.kind == "date" and not notation.layout:
        return 26, types["moment"]
    if notation.most is None or notation.most > _VARYING[dialect]:
        return 1 << 29, types["unlimited"]
    fixed = notation.least == notation.most and notation.most <= 255
    return notation.most, types["fixed" if fixed else "varying"].format(n=notation.most)


def ddl_column(name: str, text: str, dialect: Dialect, comment: str = "") -> str:
    """The line of a CREATE TABLE for a column with this notation; MySQL says the comment there, the others in their own statement."""
    quote = "`" if dialect == "mysql" else '"'
    line = f"{_quoted(name, quote)} {ddl_type(text, dialect)}"
    told = comment.replace("\\", "\\\\").replace("'", "''") if dialect == "mysql" else ""
    return f"{line} COMMENT '{told}'" if told else line


def ddl_comment(table: str, name: str, dialect: Dialect, comment: str) -> str:
    """The statement that comments a column where its line in the CREATE TABLE cannot; "" for MySQL, where it can."""
    if dialect == "mysql" or not table:
        return ""
    # A plain name is left as people write it, so that it folds to the case that the CREATE TABLE made.
    named = table if re.fullmatch(r"[^\W\d]\w*", table, re.ASCII) else _quoted(table)
    told = comment.replace("'", "''")
    return f"COMMENT ON COLUMN {named}.{_quoted(name)} IS '{told}';"


def _quoted(name: str, quote: str = '"') -> str:
    return f"{quote}{name.replace(quote, quote * 2)}{quote}"


def main(arguments: list[str] | None = None) -> int:
    """Exit 0 when every value is valid, 1 when one is not, 2 when the notation does not parse."""
    parser = argparse.ArgumentParser(
        prog="python -m standards.notation", description="Check values against a notation."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("check", help='values against a notation, as in check "an..18" VALUE…')
    command.add_argument("notation")
    command.add_argument("values", nargs="+")
    command.add_argument("--language", choices=("zh", "en"), default="zh")
    given = parser.parse_args(arguments)
    try:
        verdicts = [check(given.notation, value) for value in given.values]
    except NotationError as error:
        print(error, file=sys.stderr)
        return 2
    results = [
        {"value": value, "valid": verdict.valid, "reason": verdict.text(given.language)}
        for value, verdict in zip(given.values, verdicts, strict=True)
    ]
    told = {"notation": given.notation, "results": results}
    try:
        print(json.dumps(told, ensure_ascii=False))
    except UnicodeEncodeError:  # bytes that are no text, or a terminal that cannot write them
        print(json.dumps(told))
    return 0 if all(verdict.valid for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
