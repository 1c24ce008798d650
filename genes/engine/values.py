"""What the values of a column say: checksums and forms confirm or veto an element, code sets support it.

A profile is the column object of `scanner profile`. Judged is the share of distinct non-null values where all of them
are known (up to twenty), else the share of rows; below thirty rows a test says less, and masked values say nothing.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genes.engine.lexicon import Element

ENOUGH = 30  # rows from which a share is trusted in full
Profile = Mapping[str, Any]
# What an element's catalogue entry says of its test → the identifier of the profile that proves it.
_TESTS = (
    ("GB 11643", "citizen_id"), ("GB 32100", "uscc"), ("GB 11714", "org_code"), ("GB 16735", "vin"), ("Luhn", "luhn"),
    ("1[3-9]", "mobile"), ("RFC 5322", "email"), ("RFC 791", "ipv4"), ("RFC 3986", "url"), ("MOD 11,10", "registration"),
    ("省简称+字母", "plate"), ("GB/T 2260 / YZ", "postal_code"),
)  # fmt: skip
# One test implies the other's form: every mobile number is 11 digits, which Luhn or a bank accepts by chance.
_WEAK = frozenset({"luhn", "postal_code", "url", "org_code"})
_STRONG = ("citizen_id", "uscc", "vin", "mobile", "email", "ipv4", "plate")
TRUSTED_TESTS = frozenset((*_STRONG, "landline", "luhn", "org_code", "registration"))  # those that drift is told by
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

    def as_json(self) -> dict[str, Any]:
        return {
            "shares": dict(self.shares), "codes": {key: list(hit) for key, hit in self.codes.items()}, "known": self.known,
            "distinct": self.distinct, "trust": round(self.trust, 4), "masked": self.masked, "filled": self.filled,
            "longest": self.longest,
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Facts":
        codes = {key: (float(hit[0]), float(hit[1])) for key, hit in stored.get("codes", {}).items()}
        rest = {
            key: stored[key]
            for key in ("shares", "known", "distinct", "trust", "masked", "filled", "longest")
            if key in stored
        }
        return cls(codes=codes, **rest)


class CodeBook:
    """All code sets, by value: which sets hold a code or a name, in one look."""

    def __init__(self, code_sets: Mapping[str, Any]) -> None:
        self.sizes = {reference: len(codes.names) for reference, codes in code_sets.items()}
        self._sets: dict[str, str] = {}  # by the reference of an element, because every candidate asks
        self.codes: dict[str, set[str]] = defaultdict(set)
        self.names: dict[str, set[str]] = defaultdict(set)
        for reference, codes in code_sets.items():
            for code, name in codes.names.items():
                self.codes[_written(code)].add(reference)
                for written in {name, name.rstrip("族"), re.sub("[性的].*$", "", name)} - {""}:
                    self.names[_written(written)].add(reference)

    def set_of(self, element: Element) -> str:
        """The longest reference of a code set that the element's own reference names: "GB/T 2261.1"; "" for none."""
        found = self._sets.get(element.reference)
        if found is None:
            named = (ref for ref in self.sizes if re.search(re.escape(ref) + r"(?![\d.])", element.reference))
            found = self._sets[element.reference] = max(named, key=len, default="")
        return found

    def hits(self, known: Mapping[str, int]) -> dict[str, tuple[float, float]]:
        """Reference → (share of the known rows in it, telling power); sets that hold fewer than a fifth are left out."""
        found: dict[str, list[list[str]]] = {}
        total = sum(known.values())
        for value in known:
            for reference in self.codes.get(value, set()) | self.codes.get(value.zfill(2), set()):
                found.setdefault(reference, [[], []])[0].append(value)
            for reference in self.names.get(value, set()) | self.names.get(value.rstrip("族"), set()):
                found.setdefault(reference, [[], []])[1].append(value)
        hits = {}
        for reference, (by_code, by_name) in found.items():
            telling = max(by_name, by_code, key=lambda values: sum(known[value] for value in values))
            share = sum(known[value] for value in telling) / total
            if share >= 0.2:
                power = (2.0 if telling is by_name else 0.7) * math.log2(1 + len(telling)) * _length(telling)
                hits[reference] = (round(share, 4), round(min(5.0, power), 4))
        return hits


def _written(value: Any) -> str:
    """A value without what typing adds to it: full width, space, case."""
    return unicodedata.normalize("NFKC", str(value)).strip().upper()


def facts(profile: Profile | None, book: CodeBook) -> Facts:
    if not profile:
        return Facts()
    rows, nulls = int(profile.get("rows") or 0), int(profile.get("nulls") or 0)
    top = [(text, int(count)) for value, count in profile.get("top") or () if (text := _written(value))]
    filled = rows - nulls if rows else max(sum(count for _value, count in top), int(profile.get("distinct") or 0))
    if filled <= 0 or not (top or profile.get("identifiers")):
        return Facts()
    shares = {key: float(share) for key, share in (profile.get("identifiers") or {}).items()}
    total = sum(count for _value, count in top) or 1
    for key, test in (("vin", is_vin), ("registration", is_registration)):
        shares[key] = sum(count for value, count in top if test(value)) / total
    masked = sum(count for value, count in top if "*" in value or "●" in value) / total > 0.5
    distinct = int(profile.get("distinct") or len(top))
    trust = min(1.0, math.sqrt(min(filled, max(distinct, len(top)) * 3) / ENOUGH))
    counted: Counter[str] = Counter()
    for value, count in top:
        counted[value] += count
    longest = int((profile.get("length") or {}).get("max") or max((len(value) for value, _count in top), default=0))
    return Facts(shares, book.hits(counted), len(counted), distinct, trust, masked, filled, longest)


def test_of(element: Element) -> str:
    """The identifier that proves the element ("citizen_id", "uscc", …); "" when values cannot prove it."""
    told = f"{element.reference} {element.values}"
    return next((key for sign, key in _TESTS if sign in told), "")


def proven(column: Facts) -> list[str]:
    """Identifiers that nearly all values pass and that chance cannot explain, without any name."""
    return [] if column.masked else [key for key in _STRONG if column.shares.get(key, 0.0) >= 0.85]


def weigh(element: Element, column: Facts, book: CodeBook) -> dict[str, float]:
    """Log-odds that the values add to the element, by reason: positive confirms, negative speaks against it."""
    if not column.trust or column.masked:
        return {}
    test, found = test_of(element), {}
    identity = next(iter(proven(column)), "")
    if test:
        share = column.shares.get(test, 0.0)
        if share >= 0.85:
            found["values_pass"] = (2.5 if test in _WEAK else 9.0) * column.trust
        elif share < 0.4:
            found["values_fail"] = (-4.0 if test in _WEAK else -9.0) * column.trust * (1 - share)
    if identity and identity != test and not test and not _carries(element, identity):
        found["values_are_another"] = -9.0 * column.trust
    elif identity and test and identity != test:
        found["values_are_another"] = -4.0 * column.trust
    found.update(_codes(element, column, book))
    return found


def _carries(element: Element, identity: str) -> bool:
    """Whether an element without a test of its own may hold such values: a certificate number holds identity numbers, a
    contact phone mobile numbers, an account e-mail addresses; a name, an address or a code set holds none of them."""
    if identity in ("mobile", "email") and re.search("电话|联系|账号|邮|传真", element.name):
        return True
    return element.form == "identifier" and re.search("电话|传真|地址", element.name) is None


def _codes(element: Element, column: Facts, book: CodeBook) -> dict[str, float]:
    reference = book.set_of(element)
    if not reference or not column.known:
        return {}
    share, power = column.codes.get(reference, (0.0, 0.0))
    if share >= 0.8:
        return {"in_code_set": column.trust * power}
    if share >= 0.2 or column.known < 3:
        return {}
    # Agencies write codes of their own, but not more of them than twice the standard has.
    many = column.distinct > 2 * book.sizes[reference] + 5
    return {"outside_code_set": (-7.0 if many else -1.5) * column.trust * (1 - share)}


def _length(values: Sequence[str]) -> float:
    """Longer codes hit a set by chance less often: one digit 0.6, two 1, six 1.5."""
    mean = sum(map(len, values)) / len(values)
    return 0.6 if mean < 1.5 else 1.0 if mean < 4 else 1.5
