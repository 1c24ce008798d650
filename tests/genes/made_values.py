"""Values of columns as agencies hold them, made for tests: valid numbers by their own arithmetic, and dirt.

`profiles` writes them as a file and reads it with the scanner, so that a test sees what the platform sees.
"""

import csv
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scanner.connectors.registry import open_source
from scanner.reading import read_table
from scanner.resolve import find_table

REGIONS = ("110105", "310101", "320102", "330106", "440305", "510107", "420111", "610113", "350203", "370202")
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英华平刚桂文辉"
TOWNS = ("建设路", "人民东路", "解放街", "中山大道", "滨江路", "科技园三路")
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_VIN_NUMBERS = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))  # fmt: skip
Maker = Callable[[random.Random], str]


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def date(rng: random.Random, form: str = "{:04d}{:02d}{:02d}", first: int = 1940, last: int = 2020) -> str:
    return form.format(rng.randint(first, last), rng.randint(1, 12), rng.randint(1, 28))


def citizen_id(rng: random.Random) -> str:
    body = rng.choice(REGIONS) + date(rng) + digits(rng, 3)
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]


def org_code(rng: random.Random) -> str:
    body = digits(rng, 8)
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    return body + {10: "X", 11: "0"}.get(rest, str(rest))


def uscc(rng: random.Random) -> str:
    body = rng.choice(("91", "12", "52", "92", "93")) + rng.choice(REGIONS) + org_code(rng)
    total = sum(_ALPHABET.index(letter) * pow(3, place, 31) for place, letter in enumerate(body))
    return body + _ALPHABET[-total % 31]


def vin(rng: random.Random) -> str:
    body = ["L", *(rng.choice(_VIN_LETTERS + "0123456789") for _ in range(16))]
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(_VIN_NUMBERS.get(letter, 0) * w if letter.isalpha() else int(letter) * w for letter, w in zip(body, weights, strict=True))  # fmt: skip
    body[8] = "X" if total % 11 == 10 else str(total % 11)
    return "".join(body)


def registration(rng: random.Random) -> str:
    body, carry = rng.choice(REGIONS) + digits(rng, 8), 10
    for digit in body:
        carry = (((carry + int(digit)) % 10 or 10) * 2) % 11
    return body + str((11 - carry) % 10)


def bank_card(rng: random.Random) -> str:
    body = rng.choice(("622202", "621700", "622848", "621661")) + digits(rng, 12)
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)


def mobile(rng: random.Random) -> str:
    return "1" + rng.choice("3456789") + digits(rng, 9)


def landline(rng: random.Random) -> str:
    return rng.choice(("010", "0571", "0755", "028")) + "-" + rng.choice("2345678") + digits(rng, 7)


def person(rng: random.Random) -> str:
    return rng.choice(SURNAMES) + "".join(rng.choice(GIVEN) for _ in range(rng.choice((1, 2, 2))))


def company(rng: random.Random) -> str:
    return f"{rng.choice(('杭州', '深圳', '成都', '厦门'))}{rng.choice(GIVEN)}{rng.choice(GIVEN)}{rng.choice(('科技', '贸易', '建筑'))}有限公司"


def address(rng: random.Random) -> str:
    return f"{rng.choice(('西湖区', '南山区', '武侯区'))}{rng.choice(TOWNS)}{rng.randint(1, 400)}号{rng.randint(1, 30)}幢{rng.randint(101, 2504)}室"


def plate(rng: random.Random) -> str:
    return rng.choice("浙粤川闽京") + rng.choice("ABCD") + "".join(rng.choice("0123456789ABCDEFGH") for _ in range(5))


def _choice(*given: str) -> Maker:
    return lambda rng: rng.choice(given)


MAKERS: Mapping[str, Maker] = {
    "citizen_id": citizen_id, "uscc": uscc, "org_code": org_code, "vin": vin, "registration": registration,
    "bank_card": bank_card, "mobile": mobile, "landline": landline, "person": person, "company": company, "address": address,
    "plate": plate, "email": lambda rng: f"user{digits(rng, 5)}@{rng.choice(('163.com', 'qq.com', 'gov.cn'))}",
    "ip": lambda rng: ".".join(str(rng.randint(1, 254)) for _ in range(4)),
    "date8": date, "date10": lambda rng: date(rng, "{:04d}-{:02d}-{:02d}"), "postal": lambda rng: rng.choice("123456") + digits(rng, 5),
    "sex": _choice("1", "2"), "sex_name": _choice("男", "女"),
    "nation": _choice("01", "02", "03", "05", "06", "08", "11", "15"), "nation_name": _choice("汉族", "满族", "回族", "苗族", "壮族", "彝族", "土家族"),
    "party": _choice("01", "02", "03", "12", "13"), "schooling": _choice("10", "20", "30", "40", "60", "70", "80"),
    "marriage": _choice("10", "20", "21", "22", "30", "40", "90"), "marriage_name": _choice("未婚", "已婚", "丧偶", "离婚"),
    "region": _choice(*REGIONS), "industry": _choice("C2613", "F5212", "I6510", "J6621", "A0111", "E4710", "O8111"),
    "plate_kind": _choice("01", "02", "51", "52", "15", "16"), "blood": _choice("A", "B", "O", "AB"),
    "grade_state": _choice("正常", "停用", "待审"), "amount": lambda rng: f"{rng.lognormvariate(8, 1):.2f}", "age": lambda rng: str(rng.randint(0, 95)),
    "serial18": lambda rng: date(rng, first=2019, last=2024) + f"{rng.randint(0, 23):02d}{rng.randint(0, 59):02d}{rng.randint(0, 59):02d}" + digits(rng, 4),
    "hex32": lambda rng: f"{rng.getrandbits(128):032x}", "number18": lambda rng: rng.choice("123456789") + digits(rng, 17),
    "number9": lambda rng: rng.choice("123456789") + digits(rng, 8), "number11": lambda rng: rng.choice("23456789") + digits(rng, 10),
    "remark": lambda rng: rng.choice(("", "已核实，", "电话回访，", "材料不全，")) + rng.choice(("同意", "补正后再报", "当场办结", "请窗口跟进处理")),
}  # fmt: skip
PLACEHOLDERS = ("无", "不详", "-", "0", "待补", "/")


def dirty(value: str, rng: random.Random, share: float) -> str:
    """The value with the dirt of typed-in data in `share` of cases: spaces, full width, lower case, slips, placeholders."""
    if rng.random() >= share:
        return value
    kind = rng.randrange(5)
    if kind == 0:
        return rng.choice((f" {value}", f"{value} ", f"{value}\u3000"))
    if kind == 1:
        return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in value)
    if kind == 2:
        return value.lower() if value.lower() != value else value[:-1]
    if kind == 3 and len(value) > 3:
        place = rng.randrange(len(value) - 1)
        return value[:place] + value[place + 1] + value[place] + value[place + 2 :]
    return rng.choice(PLACEHOLDERS)


def masked(value: str) -> str:
    return value[:3] + "*" * max(1, len(value) - 7) + value[-4:]


def column(kind: str, rows: int, seed: int, *, dirt: float = 0.0, nulls: float = 0.0, hide: bool = False) -> list[str]:
    """`rows` values of a kind; an empty text is null."""
    rng = random.Random(f"{kind}/{seed}")
    found = []
    for _ in range(rows):
        value = MAKERS[kind](rng)
        value = masked(value) if hide else dirty(value, rng, dirt)
        found.append("" if rng.random() < nulls else value)
    return found


def profiles(folder: Path, columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Name → profile by the scanner, each column read from one file of text."""
    rows = max(map(len, columns.values()))
    with (folder / "made.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", *columns])
        writer.writerows(
            [place, *(values[place] if place < len(values) else "" for values in columns.values())]
            for place in range(rows)
        )
    with open_source("files", {"path": str(folder)}, {}) as connector:
        reading = read_table(connector, find_table(connector, "made", None), sketch_key=b"a key made for tests")
    return {profile.name: profile.as_json() for profile in reading.columns if profile.name != "row"}
