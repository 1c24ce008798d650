"""The people and firms of 滨海市: made once from a seed, drawn on by every agency's tables.

All identifiers are invented; they carry valid check characters (GB 11643, GB 32100) so that only
planted faults fail. The region code 3309xx stands for the made-up city.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random

REGIONS = {"330902": "临港区", "330903": "望海区", "330921": "岱山县", "330922": "嵊泗县", "330971": "高新区"}
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉兰萍红玲芬燕彬鹏飞辉宇浩凯健俊帆雪琳欣怡佳嘉涵梓轩子豪思雨晨曦文博志远建国海燕春梅晓东丹妮一诺"
STREETS = (
    "海天路",
    "解放东路",
    "港城大道",
    "观澜街",
    "滨河西路",
    "文昌路",
    "渔市街",
    "定海门路",
    "东湖大道",
    "科创三路",
    "学院路",
    "蓝湾路",
)
TRADES = (
    "信息技术",
    "海洋渔业",
    "商贸",
    "建筑工程",
    "物流",
    "食品加工",
    "船舶修造",
    "生物科技",
    "文化传媒",
    "新能源",
    "纺织",
    "环保科技",
)
FORMS = ("有限公司", "股份有限公司", "经营部", "合作社")
ETHNIC = ("01",) * 92 + ("02", "03", "04", "05", "06", "10", "11", "15")
BASE36 = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    sex: str  # GB/T 2261.1
    birth: date
    region: str
    address: str
    mobile: str
    ethnic: str  # GB/T 3304


@dataclass(frozen=True, slots=True)
class Firm:
    code: str  # 统一社会信用代码
    name: str
    legal: Person
    region: str
    address: str
    founded: date
    capital: int  # 万元
    trade: str


def citizen_check(first17: str) -> str:
    """Check digit of GB 11643 for the first 17 digits."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(d) * w for d, w in zip(first17, weights, strict=True)) % 11]


def uscc_check(first17: str) -> str:
    """Check character of GB 32100 for the first 17 characters."""
    total = sum(BASE36.index(c) * pow(3, i, 31) for i, c in enumerate(first17))
    return BASE36[(31 - total % 31) % 31]


def org_check(first8: str) -> str:
    """Check character of GB 11714 for eight digits."""
    check = 11 - sum(int(d) * w for d, w in zip(first8, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    return {10: "X", 11: "0"}.get(check, str(check))


def org_code(rng: Random) -> str:
    """A nine-character 组织机构代码 without the hyphen."""
    body = "".join(rng.choices("0123456789", k=8))
    return body + org_check(body)


def luhn_check(body: str) -> str:
    """Check digit of ISO/IEC 7812 for a string of digits."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)


@cache
def people(count: int = 30_000) -> tuple[Person, ...]:
    rng = Random("滨海市人口")
    seen: set[str] = set()
    out: list[Person] = []
    while len(out) < count:
        region = rng.choice(list(REGIONS))
        birth = date(1930, 1, 1) + timedelta(days=int(rng.triangular(0, 35_000, 20_000)))
        sequence = rng.randrange(1, 999)
        first17 = f"{region}{birth:%Y%m%d}{sequence:03d}"
        if first17 in seen:
            continue
        seen.add(first17)
        name = rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=1 if rng.random() < 0.22 else 2))
        out.append(
            Person(
                first17 + citizen_check(first17),
                name,
                "1" if sequence % 2 else "2",
                birth,
                region,
                _address(rng, region),
                "1" + rng.choice("3578") + "".join(rng.choices("0123456789", k=9)),
                rng.choice(ETHNIC),
            )
        )
    return tuple(out)


@cache
def firms(count: int = 9_000) -> tuple[Firm, ...]:
    rng = Random("滨海市法人")
    citizens = people()
    seen: set[str] = set()
    out: list[Firm] = []
    while len(out) < count:
        region = rng.choice(list(REGIONS))
        code = org_code(rng)
        if code in seen:
            continue
        seen.add(code)
        first17 = f"91{region}{code}"
        trade = rng.choice(TRADES)
        mark = "".join(rng.choices(GIVEN, k=2))
        out.append(
            Firm(
                first17 + uscc_check(first17),
                f"滨海{mark}{trade}{rng.choice(FORMS)}",
                rng.choice(citizens),
                region,
                _address(rng, region),
                date(1995, 1, 1) + timedelta(days=rng.randrange(11_200)),
                rng.choice((10, 50, 100, 200, 500, 1000, 3000, 5000)),
                trade,
            )
        )
    return tuple(out)


def _address(rng: Random, region: str) -> str:
    place = f"浙江省滨海市{REGIONS[region]}{rng.choice(STREETS)}{rng.randrange(1, 980)}号"
    return f"{place}{rng.randrange(1, 30)}幢{rng.randrange(101, 2405)}室" if rng.random() < 0.7 else place
