"""What the values of a column say: checksums and forms confirm or veto an element, code sets support it.

A profile is the column object of `scanner profile`. Judged is the share of distinct non-null values where all of them
are known (up to twenty), else the share of rows; below thirty rows a test says less, and masked values say nothing.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

from genes.engine.codebook import CodeBook as CodeBook
from genes.engine.codebook import written
from genes.engine.lexicon import Element
from genes.engine.text import HAN
from scanner.values.identifiers import KEYS, is_identifier

ENOUGH = 30  # rows from which a share is trusted in full
Profile = Mapping[str, Any]


@dataclass(frozen=True)
class Test:
    """A test of values. ``sign``: what the catalogue entry of an element says of it; ``passed``: log-odds for the element
    when most values pass, ``failed``: against it when few do."""

    sign: str
    key: str  # the identifier of the profile, or of `_EXTRA`
    passed: float
    failed: float


# An account need not be a card with a Luhn digit, a site is written without http://, six digits are much else than postal.
_TESTS = (
    Test("GB 11643", "citizen_id", 9, -12), Test("GB 32100", "uscc", 9, -12), Test("GB 11714", "org_code", 7, -12),
    Test("GB 16735", "vin", 9, -6), Test("Luhn", "luhn", 6, -1), Test("1[3-9]", "mobile", 9, -12),
    Test("RFC 5322", "email", 9, -6), Test("RFC 791", "ipv4", 9, -4), Test("RFC 3986", "url", 2.5, -1),
    Test("身份证号+类别+等级", "disability", 9, -3), Test("G+身份证号", "enrolment", 9, -3), Test("MOD 11,10", "registration", 6, -5), Test("省简称+字母", "plate", 9, -12), Test("GB/T 2260 / YZ", "postal_code", 2.5, -4),
)  # fmt: skip
_BY_KEY = {test.key: test for test in _TESTS}
_STRONG = ("citizen_id", "uscc", "vin", "mobile", "email", "ipv4", "plate", "disability", "enrolment")
TRUSTED_TESTS = frozenset((*_STRONG, "landline", "luhn", "org_code", "registration"))  # those that drift is told by
# Most values of a column that people typed pass; by chance no more than a ninth do.
PASSES, FAILS = 0.6, 0.3
# Elements without a test of their own that hold such values as well: their names decide between them.
_CARRIED = {
    "citizen_id": re.compile("证件号|身份|纳税人识别|社会保障"), "uscc": re.compile("纳税人识别|证件号"), "landline": re.compile("电话|传真"),
    "mobile": re.compile("电话|联系方式|登录账号"), "email": re.compile("登录账号"),
}  # fmt: skip
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}$")
_VIN_VALUES = {**{str(n): n for n in range(10)}, **dict(zip("ABCDEFGH", range(1, 9), strict=True)), **dict(zip("JKLMN", range(1, 6), strict=True)),
               "P": 7, "R": 9, **dict(zip("STUVWXYZ", range(2, 10), strict=True))}  # fmt: skip
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def is_vin(text: str) -> bool:
    """GB 16735: 17 characters without I, O, Q; the ninth is the weighted sum modulo 11, X for ten."""
    text = text.upper()
    if not _VIN.match(text):
        return False
    rest = sum(_VIN_VALUES[c] * w for c, w in zip(text, _VIN_WEIGHTS, strict=True)) % 11
    return text[8] == ("X" if rest == 10 else str(rest))


def is_registration(text: str) -> bool:
    """GS 工商注册号: 15 digits, the last by MOD 11,10 (GB/T 17710)."""
    if not re.fullmatch(r"\d{15}", text):
        return False
    carry = 10
    for digit in text[:14]:
        carry = (((carry + int(digit)) % 10 or 10) * 2) % 11
    return (11 - carry) % 10 == int(text[14])


def is_disability(text: str) -> bool:
    """GB/T 26341: an identity number, the kind of disability 1 to 7 and its grade 1 to 4."""
    return re.fullmatch(r".{18}[1-7][1-4]", text) is not None and is_identifier("citizen_id", text[:18])


def is_enrolment(text: str) -> bool:
    """JY/T 1002: G (or L for those without a number that was checked) and an identity number."""
    return re.fullmatch(r"[GL].{18}", text) is not None and is_identifier("citizen_id", text[1:])


_EXTRA: Mapping[str, Callable[[str], bool]] = {
    "vin": is_vin, "registration": is_registration, "disability": is_disability, "enrolment": is_enrolment,
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """The tests of a column, without any of its values: share that passes each, hits in code sets, and how far to trust
    them (0…1). ``codes``: reference → (share of the known values, telling power of those that are in)."""

    shares: Mapping[str, float] = field(default_factory=dict)
    codes: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    known: int = 0  # values that were held against the code sets
    distinct: int = 0
    trust: float = 0.0
    masked: bool = False
    filled: int = 0  # rows that are not null
    longest: int = 0  # characters
    mean_length: float = 0.0  # characters
    words: float = 0.0  # share of the rows that hold Chinese characters

    def as_json(self) -> dict[str, Any]:
        return {
            "shares": dict(self.shares), "codes": {key: list(hit) for key, hit in self.codes.items()}, "known": self.known,
            "distinct": self.distinct, "trust": round(self.trust, 4), "masked": self.masked, "filled": self.filled,
            "longest": self.longest, "mean_length": round(self.mean_length, 2), "words": round(self.words, 4),
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Facts":
        codes = {key: (float(hit[0]), float(hit[1])) for key, hit in stored.get("codes", {}).items()}
        plain = {item.name for item in fields(cls)} - {"codes"}
        rest = {key: stored[key] for key in plain & stored.keys()}
        return cls(codes=codes, **rest)


def facts(profile: Profile | None, book: CodeBook) -> Facts:
    """What a profile of the scanner says, missing keys included; one without values says nothing."""
    if not profile:
        return Facts()
    rows, nulls = int(profile.get("rows") or 0), int(profile.get("nulls") or 0)
    counted: Counter[str] = Counter()
    for value, count in profile.get("top") or ():
        if text := written(value):
            counted[text] += int(count)
    known = sum(counted.values())
    filled = rows - nulls if rows else max(known, int(profile.get("distinct") or 0))
    if filled <= 0 or not (counted or profile.get("identifiers")):
        return Facts()

    def among(test: Callable[[str], Any]) -> float:
        return sum(count for value, count in counted.items() if test(value)) / (known or 1)

    tested = profile.get("identifiers")
    if tested is None:  # not measured: then the values at hand are
        tested = {key: share for key in KEYS if (share := among(partial(is_identifier, key)))}
    shares = {key: min(1.0, max(0.0, float(share))) for key, share in tested.items()}
    shares |= {key: among(test) for key, test in _EXTRA.items()}
    distinct, length = int(profile.get("distinct") or len(counted)), profile.get("length") or {}
    lengths = [len(value) for value in counted] or [0]
    return Facts(
        shares, book.hits(counted) if counted else {}, len(counted), distinct,
        trust=min(1.0, math.sqrt(min(filled, max(distinct, len(counted)) * 3) / ENOUGH)),
        masked=among(lambda value: "*" in value or "●" in value) > 0.5, filled=filled,
        longest=int(length.get("max") or max(lengths)), mean_length=float(length.get("mean") or sum(lengths) / len(lengths)),
        words=round(among(HAN.search), 4),
    )  # fmt: skip


def test_of(element: Element) -> str:
    """The identifier that proves the element ("citizen_id", "uscc", …); "" when values cannot prove it."""
    told = f"{element.reference} {element.values}"
    return next((test.key for test in _TESTS if test.sign in told), "")


def proven(column: Facts) -> list[str]:
    """Identifiers that most values pass and that chance cannot explain, without any name."""
    if column.masked:
        return []
    return [key for key in _STRONG if column.shares.get(key, 0.0) >= PASSES and (key != "vin" or column.longest >= 17)]


def sets_proven(column: Facts) -> list[str]:
    """References of code sets whose values the column holds, so that no name is needed."""
    if column.masked:
        return []
    return [reference for reference, (share, told) in column.codes.items() if share >= 0.8 and told >= 5]


def weigh(element: Element, column: Facts, book: CodeBook) -> dict[str, float]:
    """Log-odds that the values add to the element, by reason: positive confirms, negative speaks against it."""
    if not column.trust or column.masked:
        return {}
    test = test_of(element)
    found = {**_tested(test, column), **_codes(element, column, book)}
    others = [key for key in proven(column) if key != test]
    if others and "values_pass" not in found:
        carried = _CARRIED.get(others[0])
        if not test and carried and carried.search(element.name):
            found["values_fit"] = 8.0 * column.trust
        elif test or not _may_carry(element, others[0]):
            found["values_are_another"] = (-4.0 if test else -9.0) * column.trust
    return found


def _tested(key: str, column: Facts) -> dict[str, float]:
    test = _BY_KEY.get(key)
    if test is None:
        return {}
    share = column.shares.get(key, 0.0)
    if share >= PASSES and (key != "luhn" or column.longest >= 15):
        return {"values_pass": test.passed * column.trust}
    return {"values_fail": test.failed * column.trust * (1 - share)} if share < FAILS else {}


CODED = ("代码", "编码")  # of an element that holds codes and no names of them


def _may_carry(element: Element, identity: str) -> bool:
    """Numbers of an institution's own making (学号, 工号) may be identity numbers; a name, an address or a code set may not."""
    return element.form == "identifier" and re.search("电话|传真|地址", element.name) is None


def _codes(element: Element, column: Facts, book: CodeBook) -> dict[str, float]:
    reference = book.set_of(element)
    if not reference or not column.known or test_of(element):
        return {}
    share, told = column.codes.get(reference, (0.0, 0.0))
    trust = math.sqrt(min(1.0, column.filled / ENOUGH))  # two values are all there are of 男 and 女
    if share >= 0.7 and not (column.words >= 0.5 and element.name.endswith(CODED)):
        return {"in_code_set": trust * told}
    if element.form == "text":
        return {}
    if share >= 0.2 or column.known < 3:
        return {}
    # Agencies write codes of their own, but as short as those of the standard, and no more than twice as many of them; a
    # column of words, when hardly one is a name of the set, is another thing.
    many = column.distinct > 2 * book.sizes[reference] + 5
    foreign = column.words >= 0.5 or column.mean_length > book.lengths[reference] + 2
    return {"outside_code_set": (-9.0 if many or foreign else -1.5) * trust * (1 - share)}
