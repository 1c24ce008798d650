"""The identifiers that are looked for in every text and integer column, by check character or by form."""

import re
from collections.abc import Callable, Mapping

from scanner.values.chunk import Chunk, Mask
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
# The character-class patterns among which a form can occur at all: what the dear match is spared for.
FORM_GATES: Mapping[str, str] = {
    "mobile": r"9\{11\}", "landline": r"9(\{\d+\})?(-9\{[78]\})?", "email": r".*@.*", "url": r".*:/\{\d+\}.*",
    "ipv4": r"9(\{\d\})?(\.9(\{\d\})?){3}", "mac": r".*[:-].*[:-].*[:-].*[:-].*[:-].*", "postal_code": r"9\{6\}",
    "plate": r"汉A.*",
}  # fmt: skip
KEYS = (*CHECKSUMS, *FORMS)


def has_form(key: str, text: str) -> bool:
    """Whether a value has the form of this identifier."""
    return re.fullmatch(FORMS[key], text) is not None


def is_identifier(key: str, text: str) -> bool:
    return CHECKSUMS[key](text) if key in CHECKSUMS else has_form(key, text)
