"""The identifiers that are looked for in every text and integer column, by check character or by form."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scanner.values.chunk import Chunk, Mask
from scanner.values.citizen_id import citizen_ids, is_citizen_id
from scanner.values.luhn import is_luhn, luhns
from scanner.values.org_code import is_org_code, org_codes
from scanner.values.patterns import Shapes
from scanner.values.uscc import is_uscc, usccs

CHECKSUMS: Mapping[str, Callable[[str], bool]] = {
    "citizen_id": is_citizen_id, "uscc": is_uscc, "org_code": is_org_code, "luhn": is_luhn,
}  # fmt: skip
CHECKSUM_MASKS: Mapping[str, Callable[[Chunk], Mask]] = {
    "citizen_id": citizen_ids, "uscc": usccs, "org_code": org_codes, "luhn": luhns,
}  # fmt: skip

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
# A full match by RE2 and by Python alike: no class whose meaning differs between them.
FORMS: Mapping[str, str] = {
    "mobile": "1[3-9][0-9]{9}",
    "landline": "0[1-9][0-9]{1,2}-?[2-9][0-9]{6,7}",
    "email": r"[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}",
    "url": r"[Hh][Tt][Tt][Pp][Ss]?://[^ /?#\t\r\n　]+([/?#][^ \t\r\n　]*)?",
    "ipv4": rf"({_OCTET}\.){{3}}{_OCTET}",
    "mac": "[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}",
    "postal_code": "[0-8][0-9]{5}",
    "plate": f"[{_PROVINCES}][A-HJ-NP-Z][·]?([0-9A-HJ-NP-Z]{{4}}[0-9A-HJ-NP-Z挂学警港澳]|[DF][0-9A-HJ-NP-Z][0-9]{{4}}|[0-9]{{5}}[DF])",
}
# The character-class patterns that a value of the form has, or the characters without which there is none.
FORM_PATTERNS: Mapping[str, tuple[str, ...]] = {
    "mobile": ("9{11}",), "postal_code": ("9{6}",),
    "landline": ("9{10}", "9{11}", "9{12}", "9{3}-9{7}", "9{3}-9{8}", "9{4}-9{7}", "9{4}-9{8}"),
    "ipv4": tuple(".".join(parts) for parts in product(("9", "9{2}", "9{3}"), repeat=4)),
}  # fmt: skip
FORM_NUMBERS: Mapping[str, tuple[int, int]] = {  # the whole numbers whose digits have the form; others have none
    "mobile": (13_000_000_000, 19_999_999_999), "postal_code": (100_000, 899_999),
}  # fmt: skip
FORM_SIGNS: Mapping[str, str] = {"email": "@", "url": "://"}
_PATTERN_SETS = {key: pa.array(patterns, pa.large_string()) for key, patterns in FORM_PATTERNS.items()}
KEYS = (*CHECKSUMS, *FORMS)


def has_form(key: str, text: str) -> bool:
    """Whether a value has the form of this identifier."""
    return re.fullmatch(FORMS[key], text) is not None


def is_identifier(key: str, text: str) -> bool:
    return CHECKSUMS[key](text) if key in CHECKSUMS else has_form(key, text)


def form_masks(chunk: Chunk, shapes: Shapes) -> Iterator[tuple[str, Mask]]:
    """Of each form that occurs, which values have it: as ``has_form``."""
    for key, form in FORMS.items():
        possible = _possible(key, chunk, shapes)
        if possible is None or not possible.any():
            continue
        values = chunk.values.filter(pa.array(possible))
        possible[possible] = pc.match_substring_regex(values, rf"\A(?:{form})\z").to_numpy(zero_copy_only=False)
        yield key, possible


def _possible(key: str, chunk: Chunk, shapes: Shapes) -> Mask | None:
    """Which values could have a form, told cheaply; None when none can."""
    if key in FORM_SIGNS:
        sign = FORM_SIGNS[key]
        return _flags(pc.match_substring(chunk.values, sign)) if sign.encode() in chunk.raw else None
    if key == "mac":
        return chunk.sizes == 17 if 17 in chunk.widths and (b":" in chunk.raw or b"-" in chunk.raw) else None
    if key == "plate":
        if chunk.is_ascii:
            return None
        wanted = pc.starts_with(shapes.patterns, "汉A")
    else:
        wanted = pc.is_in(shapes.patterns, _PATTERN_SETS[key])
    marked = _flags(wanted)
    found: Mask | None = marked[shapes.codes] if marked.any() else None
    return found


def _flags(found: pa.Array) -> Mask:
    flags: Mask = np.array(found.to_numpy(zero_copy_only=False))
    return flags
