"""A register of people, 15 columns, the same on every machine; what is wrong in it was planted and counted.

Of every five people one is a minor; of the adults three in four have an employer. Everything is made from the row's
number and a seeded draw, so that no two people share a number and no two of a household a name.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.data.codes import Ints, citizen_ids, fixed_width, usccs
from benchmarks.data.rules import MARRIAGES, NATIONS, SCHOOLS

SEED = 20260101
MINOR, UNEMPLOYED, WORKER = 0, 1, 2
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志文婷雪慧红梅佳欣怡子轩浩然宇晨曦思涵嘉瑞雨桐梓一诺"
CITIES = ("杭州市", "宁波市", "温州市", "嘉兴市", "湖州市", "绍兴市", "金华市", "衢州市", "舟山市", "台州市", "丽水市")
STREETS = tuple(
    a + b
    for a in ("文一", "文三", "解放", "人民", "中山", "建设", "新华", "和平", "朝阳", "学院")
    for b in ("路", "街", "东路", "西路")
)
REGIONS = np.array([330000 + 100 * city + area for city in range(1, 12) for area in range(1, 10)], np.int64)
DAY = np.timedelta64(1, "D")
FIRST_ADULT, LAST_ADULT = np.datetime64("1940-01-01"), np.datetime64("2005-12-31")
FIRST_MINOR, LAST_MINOR = np.datetime64("2008-01-01"), np.datetime64("2024-12-31")
EPOCH = np.datetime64("1970-01-01")
LATEST = 1_767_225_600  # 2026-01-01, the newest moment in the table
COMMENTS = {
    "id": "记录编号", "sfzh": "公民身份号码", "xm": "姓名", "xb": "性别代码", "mz": "民族代码", "csrq": "出生日期",
    "xzqh": "行政区划代码", "dz": "居住地址", "lxdh": "联系电话", "hyzk": "婚姻状况代码", "xl": "学历代码",
    "gzdw": "工作单位统一社会信用代码", "sr": "年收入", "djrq": "登记日期", "gxsj": "更新时间",
}  # fmt: skip


def statuses(rows: int) -> npt.NDArray[np.int8]:
    """MINOR, UNEMPLOYED or WORKER for every row."""
    place = np.arange(rows)
    found = np.where(place % 4 == 3, UNEMPLOYED, WORKER)
    return np.where(place % 5 == 4, MINOR, found).astype(np.int8)


def enterprises(count: int) -> pa.Array:
    """The codes of so many enterprises."""
    place = np.arange(count, dtype=np.int64)
    head = np.frombuffer(b"91", np.uint8)[None, :].repeat(count, axis=0)
    middle = np.frombuffer(b"MA", np.uint8)[None, :].repeat(count, axis=0)
    serial = fixed_width(_scattered(place, 10_000_000), 7)
    return usccs(np.hstack([head, fixed_width(REGIONS[place % len(REGIONS)], 6), middle, serial]))


def sound(rows: int) -> dict[str, pa.Array]:
    """The columns without a fault. Money stands in 分, days and seconds count from 1970: `typed` makes them types."""
    rng = np.random.default_rng(SEED)
    status = statuses(rows)
    adult = status != MINOR
    place = np.arange(rows, dtype=np.int64)
    regions = REGIONS[rng.integers(0, len(REGIONS), rows)]
    births, numbers, sequences = _people(place, adult, regions)
    dated = births.astype("datetime64[D]")
    firms = enterprises(firm_count(rows))
    return {
        "id": pa.array(place + 1),
        "sfzh": numbers,
        "xm": _names(place, rng),
        "xb": _choice(("2", "1"), sequences % 2),  # odd is male
        "mz": _choice(NATIONS, np.minimum(rng.zipf(2.2, rows) - 1, len(NATIONS) - 1)),
        "csrq": _texts_of_days(dated),
        "xzqh": _choice([str(region) for region in REGIONS], np.searchsorted(REGIONS, regions)),
        "dz": _addresses(place // 3),
        "lxdh": _phones(rng, rows),
        "hyzk": _choice(MARRIAGES, np.where(adult, rng.integers(0, len(MARRIAGES), rows), 0), adult & (rng.random(rows) < 0.03)),
        "xl": _choice(SCHOOLS, rng.integers(0, len(SCHOOLS), rows), rng.random(rows) < 0.05),
        "gzdw": firms.take(pa.array(rng.integers(0, len(firms), rows), mask=status != WORKER)),
        "sr": pa.array(np.where(status == WORKER, rng.lognormal(11.2, 0.6, rows) * 100, rng.random(rows) * 9_000_000).astype(np.int64).clip(0, 900_000_000)),
        "djrq": pa.array(rng.integers(10_957, 20_270, rows)),
        "gxsj": pa.array(np.append(rng.integers(1_577_836_800, LATEST, rows - 1), LATEST)),
    }  # fmt: skip


def firm_count(rows: int) -> int:
    return max(10, rows // 5)


def typed(columns: Mapping[str, pa.Array]) -> pa.Table:
    """The columns as the types that a database would have."""
    cents = columns["sr"].to_numpy()
    wide = np.stack([cents, cents >> 63], axis=1)  # 128 bits, the low half first
    made = dict(columns) | {
        "sr": pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [None, pa.py_buffer(wide)]),
        "djrq": columns["djrq"].cast(pa.int32()).cast(pa.date32()),
        "gxsj": columns["gxsj"].cast(pa.timestamp("s")),
    }
    return pa.table({name: made[name] for name in COMMENTS})


def _people(place: Ints, adult: npt.NDArray[np.bool_], regions: Ints) -> tuple[Ints, pa.Array, Ints]:
    """Days of birth since 1970, citizen ids and their sequences; (day, sequence) never meets twice in a region."""
    births, sequences = np.zeros_like(place), np.zeros_like(place)
    for first, last, chosen in ((FIRST_ADULT, LAST_ADULT, adult), (FIRST_MINOR, LAST_MINOR, ~adult)):
        days = int((last - first) / DAY) + 1
        cell = _scattered(place[chosen], days * 999)
        births[chosen] = cell % days + int((first - EPOCH) / DAY)
        sequences[chosen] = cell // days + 1
    if len(place) > 5_000_000:
        # More people than cells: the region tells those apart who share a day and a sequence.
        regions[:] = REGIONS[place // 5_000_000 % len(REGIONS)]
    dates = births.astype("datetime64[D]")
    years = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    months = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    days_of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    return births, citizen_ids(regions, years * 10_000 + months * 100 + days_of_month, sequences), sequences


def _scattered(numbers: Ints, size: int) -> Ints:
    """Distinct numbers below `size` for distinct numbers below it, far from each other."""
    step = int(size * 0.618) | 1
    while np.gcd(step, size) != 1:
        step += 2
    scattered: Ints = numbers * step % size
    return scattered


def _choice(
    values: "tuple[str, ...] | list[str]", index: Ints, absent: npt.NDArray[np.bool_] | None = None
) -> pa.Array:
    return pa.array(values, pa.large_string()).take(pa.array(index, mask=absent))


def _joined(*parts: "pa.Array | str") -> pa.Array:
    return pc.binary_join_element_wise(*(_scalar(part) for part in parts), _scalar(""))


def _scalar(part: "pa.Array | str") -> pa.Array:
    return pa.scalar(part, pa.large_string()) if isinstance(part, str) else part


def _names(place: Ints, rng: np.random.Generator) -> pa.Array:
    """Two or three characters; the members of a household (three rows) have three names."""
    count = len(SURNAMES) * len(GIVEN) * (len(GIVEN) + 1)
    households = rng.integers(0, count, len(place) // 3 + 1)
    number = (households[place // 3] + place % 3) % count
    rest = number // len(SURNAMES)
    second = [*GIVEN, ""]
    return _joined(
        _choice(list(SURNAMES), number % len(SURNAMES)),
        _choice(list(GIVEN), rest % len(GIVEN)),
        _choice(second, rest // len(GIVEN)),
    )


def _addresses(households: Ints) -> pa.Array:
    """One address a household, none of another."""
    rest = _scattered(households, len(STREETS) * 997 * 40 * 5 * 120)
    parts = []
    for size in (len(STREETS), 997, 40, 5, 120):
        parts.append(rest % size)
        rest = rest // size
    street, number, building, entrance, door = parts
    doors = [f"{floor}{side:02d}室" for floor in range(1, 31) for side in range(1, 5)]
    return _joined(
        "浙江省",
        _choice(CITIES, households % len(CITIES)),
        _choice(STREETS, street),
        _choice([f"{one}号" for one in range(1, 998)], number),
        _choice([f"{one}幢" for one in range(1, 41)], building),
        _choice([f"{one}单元" for one in range(1, 6)], entrance),
        _choice(doors, door),
    )


def _phones(rng: np.random.Generator, rows: int) -> pa.Array:
    heads = [f"1{second}" for second in range(3, 10)]
    numbers = pa.array(rng.integers(10**9, 2 * 10**9, rows)).cast(pa.large_string())
    return _joined(_choice(heads, rng.integers(0, len(heads), rows)), pc.utf8_slice_codeunits(numbers, 1, 10))


def _texts_of_days(days: "npt.NDArray[np.datetime64]") -> pa.Array:
    return pc.strftime(pa.array(days).cast(pa.timestamp("s")), format="%Y%m%d").cast(pa.large_string())
