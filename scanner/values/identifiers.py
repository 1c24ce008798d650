"""The identifiers that are looked for in every text and integer column, by check character or by form."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scanner.values.chunk import Bytes, Chunk, Mask, digits
from scanner.values.citizen_id import citizen_ids, is_citizen_id
from scanner.values.luhn import is_luhn, luhns
from scanner.values.org_code import is_org_code, org_codes
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
# How many bytes a value of the form has, and which a byte of it is; or the characters without which there is none.
FORM_BYTES: Mapping[str, tuple[Sequence[int], int, bytes]] = {
    "landline": (range(10, 14), 0, b"0"), "ipv4": (range(7, 16), 0, b"0123456789"),
    "mac": ((17,), 0, b"0123456789ABCDEFabcdef"), "plate": (range(9, 13), 3, b"ABCDEFGHJKLMNPQRSTUVWXYZ"),
}  # fmt: skip
_WANTED = {key: np.isin(np.arange(256), np.frombuffer(signs, np.uint8)) for key, (*_, signs) in FORM_BYTES.items()}
FORM_NUMBERS: Mapping[str, tuple[int, int]] = {  # the whole numbers whose digits have the form; others have none
    "mobile": (13_000_000_000, 19_999_999_999), "postal_code": (100_000, 899_999),
}  # fmt: skip
FORM_SIGNS: Mapping[str, str] = {"email": "@", "url": "://", "ipv4": "."}
KEYS = (*CHECKSUMS, *FORMS)


def has_form(key: str, text: str) -> bool:
    """Whether a value has the form of this identifier."""
    return re.fullmatch(FORMS[key], text) is not None


def is_identifier(key: str, text: str) -> bool:
    return CHECKSUMS[key](text) if key in CHECKSUMS else has_form(key, text)


def form_masks(chunk: Chunk) -> Iterator[tuple[str, Mask]]:
    """Of each form that occurs, which values have it: as ``has_form``."""
    for key, form in FORMS.items():
        if key in _KERNELS:
            width, kernel = _KERNELS[key]
            found = chunk.mask_of(width, kernel) if width in chunk.widths else None
        else:
            found = _possible(key, chunk)
            if found is not None and found.any():
                values = chunk.values.filter(pa.array(found))
                matching = pc.match_substring_regex(values, rf"\A(?:{form})\z").to_numpy(zero_copy_only=False)
                found[found] = matching
        if found is not None and found.any():
            yield key, found


def _possible(key: str, chunk: Chunk) -> Mask | None:
    """Which values could have a form, told cheaply; None when none can."""
    sign = FORM_SIGNS.get(key, "")
    if sign[:1].encode() not in chunk.raw or sign.encode() not in chunk.raw:  # one byte is found much faster
        return None
    if key not in FORM_BYTES:
        return np.array(pc.match_substring(chunk.values, sign).to_numpy(zero_copy_only=False))
    widths, place, _ = FORM_BYTES[key]
    if chunk.widths.isdisjoint(widths):
        return None
    found: Mask = (chunk.sizes >= widths[0]) & (chunk.sizes <= widths[-1])
    rows = np.flatnonzero(found)
    found[rows] = _WANTED[key][chunk.data[chunk.starts[rows] + place]]
    return found


def _is_mobile(matrix: Bytes) -> Mask:
    numeric, numbers = digits(matrix)
    found: Mask = numeric & (numbers[0] == 1) & (numbers[1] >= 3)
    return found


def _is_postal_code(matrix: Bytes) -> Mask:
    numeric, numbers = digits(matrix)
    found: Mask = numeric & (numbers[0] <= 8)
    return found


# Forms that are told by bytes alone, ten times cheaper than by the expression.
_KERNELS: Mapping[str, tuple[int, Callable[[Bytes], Mask]]] = {
    "mobile": (11, _is_mobile), "postal_code": (6, _is_postal_code),
}  # fmt: skip
