"""One table with every value class at its worst, made alike on each engine: rows are canonical, dialects differ in types.

A dialect that lacks a class, or cannot hold a value, has its column or value left out here and nowhere else.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

import pyarrow as pa

from scanner.model import Column, Table, ValueClass

Row = dict[str, str | None]

TEXTS = [
    "a", "A", "ａ", "á", "a\u0301", "a ", " a", "ß", "ss", "SS", "", " ", "\t", "\u3000", "\u00a0\u2003", "\u200b", "\u0085", "\u2028",
    "张三", "李四", "𠮷野家", "〇", "😀", "👨‍👩‍👧", "%", "_", "\\", "\\%", "100%", "a_b", "aXb", "it's", '"', "NULL", "null", "NA", "0", "00", "1e5",
    "330102199001011234", "11010519491231002X", "91350211M000100Y43", "13800138000", "AB-12", "AB-1", "x" * 300, "line\nbreak", "*", "[a]", "?",
    "２０２６", "ǅ", "ⅷ", "٣", "e\u0301", "汉字Ab1", "20260131", "2026-02-30", "a", "a", "张三", "", "",
]  # fmt: skip
PADDED = ["ab", "AB", "a", "张三", "", "ab", "x y", "\u3000"]
INTEGERS = [
    "0",
    "1",
    "-1",
    "42",
    "42",
    "9223372036854775807",
    "-9223372036854775808",
    "9007199254740993",
    "9007199254740992",
    "100",
    "99",
]
SMALL = ["3", "3", "-7", "20260131", "12", "5", "0", "-32"]
DECIMALS = [
    "0", "1.1", "-1.1", "1.05", "-1.05", "1", "-1", "10", "9", "100.25", "0.1", "-0.0000000001", "0.0000000001",
    "9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999", "9007199254740993", "1.1",
]  # fmt: skip
HUGE = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1" + "0" * 60,
    "-1" + "0" * 60,
    "0." + "0" * 40 + "1",
    "12345678901234567890.123456789",
    "2",
    "-2.5",
    "NaN",
]
FLOATS = [
    "0.0",
    "1.5",
    "-1.5",
    "0.1",
    "0.30000000000000004",
    "1e+22",
    "1e-07",
    "1.7976931348623157e+308",
    "5e-324",
    "-2.0",
    "123456789.125",
    "0.1",
]
SPECIAL_FLOATS = ["NaN", "Infinity", "-Infinity", "NaN"]
REALS = ["0.1", "1.5", "-0.25", "0.0", "100000.0", "3.25", "0.1"]
DATES = ["2026-01-31", "2026-02-01", "1999-12-31", "2024-02-29", "1970-01-01", "2026-01-31", "9999-12-31"]
TIMES = ["00:00:00", "23:59:59", "12:30:00.500000", "12:30:00", "08:05:09.000001"]
MOMENTS = [
    "2026-01-31T00:00:00",
    "2026-01-31T12:30:00.500000",
    "2026-01-31T12:30:00",
    "1999-12-31T23:59:59.999999",
    "1971-01-01T00:00:01",
    "2026-02-01T00:00:00",
]
BYTES = ["", "00", "ff00", "0a", "deadbeef", "00", "c3a9"]
JSONS = ['{"a": 1}', "[1, 2]", "null", '"x"', '{"a": 1}']


@dataclass(frozen=True)
class Nasty:
    """One column: its type and values where all dialects agree, and what a single dialect adds."""

    name: str
    value_class: ValueClass
    types: dict[str, str]  # by dialect; a dialect that is not named does not have the column
    values: Sequence[str]
    more: dict[str, Sequence[str]] = field(default_factory=dict)
    padded: bool = False
    nulls: float = 0.15

    def column(self, dialect: str, position: int) -> Column:
        return Column(
            self.name,
            position,
            self.types[dialect],
            self.value_class,
            padded=self.padded,
            primary_key=self.name == "id" and dialect != "duckdb",
        )


V = ValueClass
BEFORE_CHRIST = ["-0043-03-15", "-0044-03-15", "0000-12-31", "Infinity", "-Infinity", "10000-01-01"]
TEXT_TYPES = {
    "postgresql": "text", "mysql": "varchar(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", "sqlite": "TEXT", "duckdb": "string",
}  # fmt: skip

COLUMNS = (
    Nasty("id", V.INTEGER, {"postgresql": "integer", "mysql": "int", "sqlite": "INTEGER", "duckdb": "int64"}, ()),
    Nasty("t", V.TEXT, TEXT_TYPES, TEXTS),
    Nasty('we"ird `%s` :x ?', V.TEXT, TEXT_TYPES, TEXTS[:12]),
    Nasty("姓名", V.TEXT, TEXT_TYPES, ["张三", "张三 ", "李四", "王五", "张三"]),
    Nasty("padded", V.TEXT, {"postgresql": "character(5)", "mysql": "char(5) CHARACTER SET utf8mb4"}, PADDED, padded=True),
    Nasty("j", V.TEXT, {"postgresql": "json"}, JSONS),
    Nasty("void", V.TEXT, TEXT_TYPES, ["never"], nulls=1.0),
    Nasty("i", V.INTEGER, {"postgresql": "bigint", "mysql": "bigint", "sqlite": "INTEGER", "duckdb": "int64"}, INTEGERS),
    Nasty("k", V.INTEGER, {"postgresql": "integer", "mysql": "int", "sqlite": "INTEGER", "duckdb": "int32"}, SMALL),
    Nasty("u", V.INTEGER, {"mysql": "bigint unsigned", "duckdb": "uint64"}, ["18446744073709551615", "0", "9223372036854775808"]),
    Nasty("d", V.DECIMAL, {"postgresql": "numeric(38,10)", "mysql": "decimal(38,10)", "duckdb": "decimal128"}, DECIMALS),
    Nasty("huge", V.DECIMAL, {"postgresql": "numeric"}, HUGE),
    Nasty("f", V.FLOAT, {"postgresql": "double precision", "mysql": "double", "sqlite": "REAL", "duckdb": "float64"}, FLOATS, {"postgresql": SPECIAL_FLOATS, "duckdb": SPECIAL_FLOATS}),
    Nasty("r", V.FLOAT, {"postgresql": "real", "mysql": "float", "duckdb": "float32"}, REALS, {"postgresql": SPECIAL_FLOATS, "duckdb": SPECIAL_FLOATS}),
    Nasty("b", V.BOOLEAN, {"postgresql": "boolean", "duckdb": "bool_"}, ["true", "false", "true"]),
    Nasty("day", V.DATE, {"postgresql": "date", "mysql": "date", "sqlite": "DATE", "duckdb": "date32"}, DATES, {"postgresql": BEFORE_CHRIST, "mysql": ["0000-00-00", "2026-00-00"]}),
    Nasty("clock", V.TIME, {"postgresql": "time", "mysql": "time(6)", "sqlite": "TIME", "duckdb": "time64"}, TIMES, {"mysql": ["-12:00:00", "838:59:59", "100:00:00"]}),
    Nasty("ts", V.TIMESTAMP, {"postgresql": "timestamp", "mysql": "datetime(6)", "sqlite": "TIMESTAMP", "duckdb": "timestamp"}, MOMENTS,
          {"postgresql": [f"{day}T12:00:00" for day in BEFORE_CHRIST if "I" not in day] + ["Infinity", "-Infinity"], "mysql": ["0000-00-00T00:00:00"]}),
    Nasty("tz", V.TIMESTAMPTZ, {"postgresql": "timestamptz", "duckdb": "timestamptz"}, [f"{item}+00:00" for item in MOMENTS], {"postgresql": ["Infinity"]}),
    Nasty("raw", V.BINARY, {"postgresql": "bytea", "mysql": "varbinary(20)", "sqlite": "BLOB", "duckdb": "binary"}, BYTES),
)  # fmt: skip


def columns(dialect: str) -> list[Nasty]:
    return [column for column in COLUMNS if dialect in column.types]


def table(dialect: str, schema: str, name: str = "nasty") -> Table:
    return Table(
        schema,
        name,
        columns=tuple(column.column(dialect, number) for number, column in enumerate(columns(dialect), 1)),
        primary_key=() if dialect == "duckdb" else ("id",),
    )


def rows(dialect: str, count: int = 140) -> list[Row]:
    """Every value at least once, then a seeded mixture; canonical values by column name."""
    chance = random.Random(20260131)
    made: list[Row] = []
    for number in range(count):
        row: Row = {}
        for column in columns(dialect):
            held = [*column.values, *column.more.get(dialect, ())]
            if column.name == "id":
                row["id"] = str(number + 1)
            elif column.nulls == 1.0 or (number >= len(held) and chance.random() < column.nulls):
                row[column.name] = None
            else:
                row[column.name] = held[number] if number < len(held) else chance.choice(held)
        made.append(row)
    return made


def quoted(dialect: str, name: str) -> str:
    """The identifier as SQL text without parameters."""
    mark = "`" if dialect == "mysql" else '"'
    return mark + name.replace(mark, mark * 2) + mark


def create_sql(dialect: str, name: str) -> str:
    body = ", ".join(
        f"{quoted(dialect, c.name)} {c.types[dialect]}{' NOT NULL PRIMARY KEY' if c.name == 'id' else ' NULL'}"
        for c in columns(dialect)
    )
    return f"CREATE TABLE {name} ({body})" + (" CHARACTER SET utf8mb4" if dialect == "mysql" else "")


def stored(dialect: str, column: Nasty, value: str | None) -> object:
    """A canonical value as the parameter that stores it in the dialect's column."""
    if value is None:
        return None
    if column.value_class is V.BINARY:
        return bytes.fromhex(value)
    if dialect == "sqlite" and column.value_class.is_number:
        return int(value) if column.value_class is V.INTEGER else float(value)
    if dialect == "postgresql" and column.value_class.is_temporal:
        return _postgresql_time(value)
    if dialect == "sqlite" and column.value_class in (V.TIME, V.TIMESTAMP):  # as people write them
        return value.replace("T", " ").replace(".500000", ".5") + ("" if "." in value else ".000")
    return value.replace("T", " ") if dialect == "mysql" and column.value_class.is_temporal else value


def _postgresql_time(value: str) -> str:
    if value.startswith("-") and value[1].isdigit():
        return f"{int(value[1:5]) + 1:04d}{value[5:]} BC"
    return f"0001{value[4:]} BC" if value.startswith("0000") else value


def arrow_array(column: Nasty, values: Sequence[str | None]) -> pa.Array:
    """Canonical values as the typed array of a Parquet column."""
    kind = column.types["duckdb"]
    made = [None if value is None else _typed(value, kind) for value in values]
    types = {
        "decimal128": pa.decimal128(38, 10),
        "time64": pa.time64("us"),
        "timestamp": pa.timestamp("us"),
        "timestamptz": pa.timestamp("us", "UTC"),
    }
    return pa.array(made, types.get(kind) or getattr(pa, kind)())


def _typed(value: str, kind: str) -> object:
    readers = {"string": str, "decimal128": Decimal, "float64": float, "float32": float, "date32": date.fromisoformat,
               "time64": time.fromisoformat, "timestamp": datetime.fromisoformat, "timestamptz": datetime.fromisoformat,
               "binary": bytes.fromhex, "bool_": "true".__eq__}  # fmt: skip
    reader: Callable[[str], object] = readers.get(kind, int)
    return reader(value)
