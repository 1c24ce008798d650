"""Column comments: what a column is called in Chinese, before code lists, remarks and role words."""

import re
import unicodedata
from functools import lru_cache

HAN = re.compile(r"[\u3400-\u9fff]")
_CODE_LIST = re.compile(
    r"^(.*?[\u3400-\u9fff])[\s:]*[\[(【]?\s*['\"]?[0-9A-Za-z]{1,3}\s*[-:=、.)为]?\s*[\u3400-\u9fff].*$"
)
_CUT = re.compile(r"[,;:。;|\n\t{}<>=?!]|\.{2,}|->|→")
_BRACKET = re.compile(r"[(\[【《「].*?(?:[)\]】》」]|$)")
_SPLIT = re.compile(r"-{2,}|—+|\s-\s|_|\s+-|-(?=[\u3400-\u9fff])")
_NUMBERED = re.compile(r"(?<=[\u3400-\u9fff])[0-9一二三]$")
_TRAILING = re.compile(r"(字段|列|的值|\s|[.、\-])+$")
_LEADING = re.compile(r"^(?:[0-9]+[.、)]|[\s.、*#\-]+|该|本)")
SENTENCE = 16  # characters; a longer head explains rather than names


def normal(text: str) -> str:
    """NFKC (full-width to half-width), lower case, no control or zero-width characters, single blanks."""
    folded = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(
        " " if c in "\t\r\n" else c for c in folded if unicodedata.category(c) not in ("Cf", "Cc") or c in "\t\r\n"
    )
    return " ".join(kept.split())


@lru_cache(maxsize=200_000)
def heads(comment: str) -> tuple[str, ...]:
    """The names a comment may mean, likeliest first; () when it says nothing.

    "性别1男0女" → ("性别",); "筛查计划--参与筛查的学生编号" → ("参与筛查的学生编号", …).
    """
    text = normal(comment)
    if not text:
        return ()
    found: list[str] = []
    plain = _BRACKET.sub("", text).strip()
    for part in [*_CUT.split(plain)[:2], text]:
        part = part.strip()
        listed = _CODE_LIST.match(part)
        for piece in reversed(_SPLIT.split(listed.group(1) if listed else part)):
            head = _TRAILING.sub("", _LEADING.sub("", piece.strip())).replace(" ", "")
            if head and head not in found:
                found.append(head)
                numberless = _NUMBERED.sub("", head)
                if numberless != head and len(numberless) > 1:
                    found.append(numberless)
        if found and part is not text and HAN.search(found[0]):
            break
    return tuple(found[:4])


@lru_cache(maxsize=50_000)
def subject(table: str) -> str:
    """What a table is about: "医院-学生表" → "学生", "企业基本信息表" → "企业"; "" when its comment does not say."""
    found = heads(table)
    if not found:
        return ""
    return re.sub(r"(基本|基础|登记|管理|主|详细|明细|台账|记录|数据|信息|资料|档案|清单|列表|情况|表)+$", "", found[0])
