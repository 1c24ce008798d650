"""Masking of personal values: the one place that decides what of a column's values may be stored and shown.

A column is personal by what was found in it (identifier shares of its profile) or, before any scan, by its name
and comment. In a column that is not personal as a whole, a single value that is itself a citizen id, a mobile
number or a bank card is masked all the same. Basis: 个人信息保护法 art. 51 (去标识化), GB/T 35273-2020 6.2.
Masking a masked value changes nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from assets.choices import PersonalKind, ValuesPolicy

HIDDEN = "＊"  # one full-width star stands for a value that is not shown at all
_SHARE = 0.3  # from this share of non-null values on, an identifier makes the whole column personal
_CARD_SHARE = 0.5  # Luhn alone is passed by every tenth number

_BY_IDENTIFIER = {
    "citizen_id": PersonalKind.CITIZEN_ID,
    "mobile": PersonalKind.MOBILE,
    "email": PersonalKind.EMAIL,
    "landline": PersonalKind.LANDLINE,
    "plate": PersonalKind.PLATE,
}

# Whole names and pinyin initials as agencies write them; searched in the lower-case name, word by word.
_BY_WORD = {
    PersonalKind.CITIZEN_ID: {"sfzh", "sfzhm", "sfz", "gmsfhm", "zjhm", "idcard", "id_card", "idno", "id_no",
                              "citizen_id", "cert_no", "certno", "cardno"},
    PersonalKind.MOBILE: {"sjh", "sjhm", "mobile", "cellphone", "mobile_phone", "phone", "lxdh", "tel", "telephone"},
    PersonalKind.BANK_CARD: {"yhkh", "yhzh", "bank_card", "bankcard", "card_number", "bank_account", "khzh"},
    PersonalKind.EMAIL: {"email", "mail", "e_mail", "dzyx", "yx"},
    PersonalKind.NAME: {"xm", "xingming", "full_name", "fullname", "person_name", "real_name", "realname",
                        "contact_name", "lxr", "fddbr", "frxm", "hzxm"},
    PersonalKind.ADDRESS: {"zz", "jtzz", "hjdz", "xzz", "home_address", "residence", "dz", "address", "lxdz"},
    PersonalKind.PLATE: {"cph", "cphm", "hphm", "plate", "plate_no", "license_plate"},
    PersonalKind.PASSPORT: {"hzhm", "passport", "passport_no"},
    PersonalKind.BIRTH_DATE: {"csrq", "birthday", "birth_date", "birthdate", "date_of_birth", "dob", "birth"},
}  # fmt: skip

_BY_CHINESE = (
    (PersonalKind.CITIZEN_ID, re.compile("身份证|公民身份号码|证件号")),
    (PersonalKind.MOBILE, re.compile("手机|移动电话|联系电话|联系方式")),
    (PersonalKind.LANDLINE, re.compile("固定电话|座机")),
    (PersonalKind.BANK_CARD, re.compile("银行卡|银行账[号户]|开户账号")),
    (PersonalKind.EMAIL, re.compile("邮箱|电子邮件")),
    (PersonalKind.ADDRESS, re.compile("住址|家庭地址|户籍地址|居住地址|通讯地址|联系地址")),
    (PersonalKind.PLATE, re.compile("车牌|号牌号码")),
    (PersonalKind.PASSPORT, re.compile("护照")),
    (PersonalKind.BIRTH_DATE, re.compile("出生日期|出生年月|生日")),
    (PersonalKind.NAME, re.compile("姓名|联系人|法定代表人|户主|负责人$")),
)
_NOT_PERSONAL = re.compile("类型|类别|种类|代码|编码|标志|数量|个数|人数|是否")

_CITIZEN_ID = re.compile(r"^[1-9]\d{16}[\dXx]$")
_MOBILE = re.compile(r"^(?:\+?86)?1[3-9]\d{9}$")
_CARD = re.compile(r"^[3-6]\d{15,18}$")


def personal_kind(name: str, comment: str = "", identifiers: Mapping[str, float] | None = None) -> str:
    """The ``PersonalKind`` of a column, or "" when nothing speaks for one. Evidence outweighs the name."""
    found = _from_identifiers(identifiers or {})
    return found or _from_comment(comment) or _from_comment(name) or _from_name(name)


def _from_identifiers(shares: Mapping[str, float]) -> str:
    best = max(_BY_IDENTIFIER, key=lambda key: shares.get(key, 0.0))
    if shares.get(best, 0.0) >= _SHARE:
        return _BY_IDENTIFIER[best].value
    return PersonalKind.BANK_CARD.value if shares.get("luhn", 0.0) >= _CARD_SHARE else ""


def _from_comment(text: str) -> str:
    if _NOT_PERSONAL.search(text):
        return ""
    return next((kind.value for kind, pattern in _BY_CHINESE if pattern.search(text)), "")


def _from_name(name: str) -> str:
    lowered = name.lower()
    words = {lowered, *re.split(r"[^a-z0-9]+", lowered)}
    return next((kind.value for kind, known in _BY_WORD.items() if words & known), "")


def mask_value(value: Any, kind: str) -> Any:
    """``value`` as it may be shown in a column of ``kind`` ("" for none); null stays null."""
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    kind = kind or _kind_of_value(text)
    return _mask_text(text, kind) if kind else value


def _kind_of_value(text: str) -> str:
    if _CITIZEN_ID.match(text):
        return PersonalKind.CITIZEN_ID.value
    if _MOBILE.match(text):
        return PersonalKind.MOBILE.value
    if _CARD.match(text) and _luhn(text):
        return PersonalKind.BANK_CARD.value
    return ""


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def _mask_text(text: str, kind: str) -> str:
    """Keeps what helps a steward to see the fault (region, provider, form) and stars the rest."""
    if kind == PersonalKind.EMAIL and "@" in text:
        mailbox, _, domain = text.partition("@")
        return f"{_keep(mailbox, 1, 0)}@{domain}"
    head, tail = _KEPT.get(kind, (1, 1))
    return _keep(text, head, tail)


_KEPT = {
    PersonalKind.CITIZEN_ID.value: (3, 2),
    PersonalKind.MOBILE.value: (3, 2),
    PersonalKind.LANDLINE.value: (3, 1),
    PersonalKind.BANK_CARD.value: (4, 2),
    PersonalKind.NAME.value: (1, 0),
    PersonalKind.ADDRESS.value: (6, 0),
    PersonalKind.PLATE.value: (2, 1),
    PersonalKind.PASSPORT.value: (1, 1),
    PersonalKind.BIRTH_DATE.value: (4, 0),
}


def _keep(text: str, head: int, tail: int) -> str:
    """At most a third of a short text stays, so that "李" or "王五" do not pass whole."""
    if len(text) <= head + tail + 1:
        head, tail = min(head, len(text) // 2), 0
    stars = "*" * (len(text) - head - tail)
    return text[:head] + stars + text[len(text) - tail :] if tail else text[:head] + stars


def mask_values(values: Sequence[Any], kind: str, policy: str) -> list[Any]:
    """Values of one column by the policy of its source; for failing values and examples of higher apps."""
    if policy == ValuesPolicy.HIDDEN:
        return [None if value is None else HIDDEN for value in values]
    if policy == ValuesPolicy.OPEN:
        return list(values)
    return [mask_value(value, kind) for value in values]


VALUE_FIELDS = ("min", "max", "mean", "quantiles", "top", "histogram")


def mask_profile(measures: Mapping[str, Any], kind: str, policy: str) -> dict[str, Any]:
    """The fields of a column profile that hold values (``VALUE_FIELDS``), by policy.

    ``top`` stays a list of [value, count]; values that fall together once masked are added up. A personal
    column has no quantiles and no histogram: both are made of single persons' values.
    """
    shown = {name: measures.get(name) for name in VALUE_FIELDS}
    if policy == ValuesPolicy.OPEN:
        return shown
    if policy == ValuesPolicy.HIDDEN:
        return {**dict.fromkeys(VALUE_FIELDS), "top": []}
    if kind:
        shown["quantiles"] = shown["histogram"] = shown["mean"] = None
    shown["min"], shown["max"] = mask_value(shown["min"], kind), mask_value(shown["max"], kind)
    shown["top"] = _merge_top([(mask_value(value, kind), count) for value, count in shown["top"] or ()])
    return shown


def _merge_top(pairs: Sequence[tuple[Any, int]]) -> list[list[Any]]:
    totals: dict[tuple[type, Any], int] = {}
    for value, count in pairs:
        key = (type(value), value)
        totals[key] = totals.get(key, 0) + count
    return [[value, count] for (_, value), count in sorted(totals.items(), key=lambda item: -item[1])]
