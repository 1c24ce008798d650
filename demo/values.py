"""Column generators: what an agency's clerk or program would have written into a column.

Each takes the table's draw (``Rows``) and returns one value a row; a value is None, str, int, Decimal, float,
bool, date or datetime. The word after a colon in the estate file is the argument: ``date:%Y%m%d``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from demo.population import Firm, Person, firms, luhn_check, org_code, people

TODAY = date(2026, 11, 20)  # the estate's own clock: the same data on every machine


@dataclass(frozen=True)
class Rows:
    """What the rows of one table are about."""

    rng: Random
    count: int
    person: list[Person]
    firm: list[Firm]


def draw(name: str, count: int, about: str) -> Rows:
    rng = Random(name)
    everyone, every_firm = people(), firms()
    if about in ("people", "firms") and count > len(everyone if about == "people" else every_firm):
        raise ValueError(f"{name}: more rows than {about}")
    person = rng.sample(everyone, count) if about == "people" else rng.choices(everyone, k=count)
    firm = rng.sample(every_firm, count) if about == "firms" else rng.choices(every_firm, k=count)
    return Rows(rng, count, person, firm)


def generate(rows: Rows, generator: str) -> list[Any]:
    name, _, argument = generator.partition(":")
    return GENERATORS[name](rows, argument)


def _person(attribute: str) -> Callable[[Rows, str], list[Any]]:
    return lambda rows, _: [getattr(person, attribute) for person in rows.person]


def _firm(attribute: str) -> Callable[[Rows, str], list[Any]]:
    return lambda rows, _: [getattr(firm, attribute) for firm in rows.firm]


def _shaped(day: date | datetime, form: str) -> Any:
    """A date as the column keeps it: itself, or text in one of the forms found in the field."""
    if not form:
        return day
    if form == "mixed":  # three clerks, three habits
        form = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")[day.toordinal() % 3]
    return int(day.strftime("%Y%m%d")) if form == "int" else day.strftime(form)


def _day(rng: Random, years: int) -> date:
    return TODAY - timedelta(days=int(rng.triangular(0, years * 365, years * 90)))


def _dates(rows: Rows, argument: str) -> list[Any]:
    years, _, form = argument.partition(",")
    return [_shaped(_day(rows.rng, int(years or 8)), form) for _ in range(rows.count)]


def _moments(rows: Rows, argument: str) -> list[Any]:
    years, _, form = argument.partition(",")
    return [
        _shaped(
            datetime.combine(_day(rows.rng, int(years or 3)), datetime.min.time())
            + timedelta(seconds=rows.rng.randrange(28_800, 64_800)),
            form,
        )
        for _ in range(rows.count)
    ]


def _codes(rows: Rows, argument: str) -> list[Any]:
    """Codes with falling frequency: ``code:1,2,9``."""
    codes = argument.split(",")
    weights = [1 / (i + 1) ** 1.5 for i in range(len(codes))]
    return rows.rng.choices(codes, weights, k=rows.count)


def _integers(rows: Rows, argument: str) -> list[Any]:
    low, high = map(int, argument.split(","))
    return [int(rows.rng.triangular(low, high, low + (high - low) / 4)) for _ in range(rows.count)]


def _money(rows: Rows, argument: str) -> list[Any]:
    top = int(argument or 100_000)
    return [Decimal(int(rows.rng.paretovariate(1.3) * top)) / 100 for _ in range(rows.count)]


def _bank(rows: Rows, _: str) -> list[Any]:
    bodies = ("6217" + "".join(rows.rng.choices("0123456789", k=14)) for _ in range(rows.count))
    return [body + luhn_check(body) for body in bodies]


def _plate(rows: Rows, _: str) -> list[Any]:
    return ["浙L" + "".join(rows.rng.choices("ABCDEFGHJK0123456789", k=5)) for _ in range(rows.count)]


def _serial_code(rows: Rows, argument: str) -> list[Any]:
    """A running business number: ``number:SB2026`` gives SB2026000001."""
    return [f"{argument}{i:06d}" for i in range(1, rows.count + 1)]


REMARKS = ("", "", "", "已核对", "材料齐全", "电话核实", "待补充材料", "历史数据迁移", "见附件", "同意办理")

GENERATORS: dict[str, Callable[[Rows, str], list[Any]]] = {
    "serial": lambda rows, start: list(range(int(start or 1), int(start or 1) + rows.count)),
    "number": _serial_code,
    "citizen": _person("id"),
    "pname": _person("name"),
    "sex": _person("sex"),
    "ethnic": _person("ethnic"),
    "sexword": lambda rows, _: ["男" if person.sex == "1" else "女" for person in rows.person],
    "birth": lambda rows, form: [_shaped(person.birth, form) for person in rows.person],
    "address": _person("address"),
    "region": _person("region"),
    "mobile": _person("mobile"),
    "uscc": _firm("code"),
    "fname": _firm("name"),
    "legal": lambda rows, _: [firm.legal.name for firm in rows.firm],
    "legalid": lambda rows, _: [firm.legal.id for firm in rows.firm],
    "faddress": _firm("address"),
    "fregion": _firm("region"),
    "founded": lambda rows, form: [_shaped(firm.founded, form) for firm in rows.firm],
    "capital": lambda rows, _: [Decimal(firm.capital) for firm in rows.firm],
    "trade": _firm("trade"),
    "orgcode": lambda rows, _: [org_code(rows.rng) for _ in range(rows.count)],
    "date": _dates,
    "moment": _moments,
    "code": _codes,
    "int": _integers,
    "money": _money,
    "share": lambda rows, _: [round(rows.rng.betavariate(5, 2), 4) for _ in range(rows.count)],
    "bool": lambda rows, _: [rows.rng.random() < 0.8 for _ in range(rows.count)],
    "bank": _bank,
    "plate": _plate,
    "email": lambda rows, _: [f"{person.mobile}@binhai.example.cn" for person in rows.person],
    "lon": lambda rows, _: [round(122 + rows.rng.random(), 6) for _ in range(rows.count)],
    "lat": lambda rows, _: [round(29.8 + rows.rng.random() / 2, 6) for _ in range(rows.count)],
    "remark": lambda rows, _: rows.rng.choices(REMARKS, k=rows.count),
    "empty": lambda rows, _: [None] * rows.count,
    "json": lambda rows, _: [
        f'{{"channel": "{rows.rng.choice(("窗口", "网上", "自助机"))}"}}' for _ in range(rows.count)
    ],
    "hex": lambda rows, _: [f"{rows.rng.getrandbits(128):032x}" for _ in range(rows.count)],
}
