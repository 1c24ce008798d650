"""Canonical values of every class that have broken readers before, drawn at random from a seed."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

from scanner.model import ValueClass

CITIZEN = ("11010519491231002X", "110105194912310020", "11010119900230123X", "44052418800101001X", "330102199001011234")
CODES = (
    "91110000600037341L",
    "91110000600037341I",
    "60003734-1",
    "600037341",
    "6222021234567890128",
    "4111111111111111",
)
TEXTS = (
    "", " ", "\u3000", "\t\n", "\u200b", "\xa0", "\u2028", "\x85", "张三", "張三丰", "〇", "𠀀𠀁", "😀", "👨‍👩‍👧", "e\u0301", "é", "É", "ß", "Ⅷ", "٣", "Z", "a",
    "A", "AB-1", "a b", "x{2}", "9{18}", "{", "}", "aaaaaaaaaa", "NULL", "null", "NaN", "Infinity", "0", "00", "007", "-0", "1.10", "1.1", "-12.50",
    "1e5", "١٢", "20240229", "20230229", "2024-02-29", "2024/2/9", "2024年02月29日", "2024.02.30", "2024-02-29 23:59:59", "2024-02-29T24:00:00",
    "13800138000", "010-62345678", "a@b.cn", "a@b", "http://x.cn/路?q=1", "192.168.1.255", "192.168.1.256", "京A12345", "310000", "O'Brien", 'a"b', "%", "_", "\\", "a\nb",
    "￿", "\U0010ffff", "퟿", "x" * 300, "汉" * 100,
)  # fmt: skip
DATES = (
    "0001-01-01",
    "9999-12-31",
    "1970-01-01",
    "2024-02-29",
    "-0043-03-15",
    "0000-06-01",
    "12345-01-01",
    "Infinity",
    "-Infinity",
    "-4712-01-01",
)
NUMBERS = ("0", "1", "-1", "0.1", "-0.1", "0.10000000000000000001", "1.5", "99999999999999999999999999999999999999999.99", "-99999999999999999999999999999999999999999.99",
           "12345678901234567.89", "123456789012345678", "1234567890123456789", "0.3", "2.675", "NaN", "Infinity", "-Infinity", "100", "1" + "0" * 60)  # fmt: skip
FLOATS = ("0.0", "1.0", "-1.5", "1e+22", "1.7976931348623157e+308", "-1.7976931348623157e+308", "5e-324", "0.1", "0.30000000000000004", "NaN", "Infinity", "-Infinity", "123456789.125", "1e-07")  # fmt: skip
INTEGERS = ("0", "1", "-1", "20240229", "20230229", "18446744073709551615", "9223372036854775807", "-9223372036854775808", "330102199001011234", "4111111111111111", "110105194912310020")  # fmt: skip
TIMES = ("00:00:00", "23:59:59", "08:30:00.000001", "-838:59:59", "838:59:59", "12:00:00.500000", "100:00:00")


def _mixed(special: tuple[str, ...], plain: Callable[[random.Random], str]) -> Callable[[random.Random, bool], str]:
    """Ordinary values, and now and then one of the nasty ones when they are let in."""
    return lambda chance, nasty: chance.choice(special) if nasty and chance.random() < 0.4 else plain(chance)


def _text(chance: random.Random) -> str:
    return "".join(chance.choice("abAB019-汉字\u3000😀 ") for _ in range(chance.choice((0, 1, 2, 3, 8, 18))))


def _date(chance: random.Random) -> str:
    return (date(2000, 1, 1) + timedelta(days=chance.randrange(-20_000, 20_000))).isoformat()


def _moment(chance: random.Random) -> str:
    return (
        datetime(2020, 1, 1)
        + timedelta(seconds=chance.randrange(10**8), microseconds=chance.choice((0, 0, 1, 500_000)))
    ).isoformat()


def _decimal(chance: random.Random) -> str:
    whole, part = chance.randrange(-1000, 1000), chance.choice(("", "5", "25", "01"))
    return f"{whole}.{part}" if part else str(whole)


_MOMENTS = tuple(text if "Infinity" in text else f"{text}T12:30:00.250000" for text in DATES)
MAKERS: dict[ValueClass, Callable[[random.Random, bool], str]] = {
    ValueClass.TEXT: _mixed(TEXTS + CITIZEN + CODES, _text),
    ValueClass.INTEGER: _mixed(INTEGERS, lambda chance: str(chance.randrange(-50, 50))),
    ValueClass.DECIMAL: _mixed(NUMBERS, _decimal),
    ValueClass.FLOAT: _mixed(FLOATS, lambda chance: repr(chance.randrange(-100, 100) / chance.choice((1, 3, 7)) + 0.0)),
    ValueClass.BOOLEAN: lambda chance, nasty: chance.choice(("true", "false")),
    ValueClass.DATE: _mixed(DATES, _date),
    ValueClass.TIME: _mixed(TIMES, lambda chance: f"{chance.randrange(24):02d}:{chance.randrange(60):02d}:00"),
    ValueClass.TIMESTAMP: _mixed(_MOMENTS, _moment),
    ValueClass.TIMESTAMPTZ: _mixed(
        tuple(text if "Infinity" in text else f"{text}+00:00" for text in _MOMENTS),
        lambda chance: _moment(chance) + "+00:00",
    ),
    ValueClass.BINARY: lambda chance, nasty: chance.randbytes(chance.randrange(4)).hex(),
}


def values(held: ValueClass, count: int, seed: int, *, nasty: bool = True, nulls: float = 0.1) -> list[str | None]:
    chance = random.Random(f"{held}-{seed}")
    pool = [MAKERS[held](chance, nasty) for _ in range(max(1, count // chance.choice((1, 2, 5))))]
    return [None if chance.random() < nulls else chance.choice(pool) for _ in range(count)]
