"""What the characters of values say: patterns, identifiers, dates and numbers kept as text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scanner.measures.frequency import Session, chunks, literal, one
from scanner.model import ValueClass
from scanner.sketch import Sketcher
from scanner.values.canonical import shown
from scanner.values.chunk import Chunk
from scanner.values.dates import DETECTED_FORMATS, DateFormat, dates_in, parse_format
from scanner.values.identifiers import CHECKSUM_MASKS, FORM_GATES, FORMS
from scanner.values.patterns import patterns_of

TOP_PATTERNS = 20
DETECTED_SHARE = 0.5  # of the non-null values must be dates, or numbers, for a text column to count as one
NUMBER_FORM = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"  # 007 is a code, no number
_NUMBER_GATE = r"-?9(\{\d+\})?(\.9(\{\d+\})?)?"
_COMPACT_AT = 200_000  # pattern groups kept before they are merged
_FORMATS: tuple[DateFormat, ...] = tuple(parse_format(text) for text in DETECTED_FORMATS)


@dataclass
class Content:
    """What one pass over the distinct values of a column finds, weighted by how often they occur."""

    patterns: pa.Table  # p, n: every pattern of the column
    checksums: dict[str, int] = field(default_factory=dict)  # scheme → values
    dates: dict[str, int] = field(default_factory=dict)  # format → values


def read_content(session: Session, freq: str, sketcher: Sketcher | None = None) -> Content:
    """One pass for a column whose characters matter (text and integers)."""
    content = Content(_patterns([]))
    collected: list[pa.Table] = []
    for chunk in chunks(session, freq):
        _add_masks(content, chunk)
        collected.append(_patterns_in(chunk))
        if sum(map(len, collected)) > _COMPACT_AT:
            collected = [_patterns(collected)]
        if sketcher is not None:
            sketcher.add(chunk)
    content.patterns = _patterns(collected)
    return content


def read_sketch(session: Session, freq: str, sketcher: Sketcher) -> None:
    """One pass for any other column."""
    for chunk in chunks(session, freq):
        sketcher.add(chunk)


def _add_masks(content: Content, chunk: Chunk) -> None:
    for scheme, mask_of in CHECKSUM_MASKS.items():
        _add(content.checksums, scheme, chunk, mask_of(chunk))
    for form in _FORMATS:
        if any(layout.width in chunk.widths for layout in form.layouts):
            _add(content.dates, form.text, chunk, dates_in(chunk, form))


def _add(sums: dict[str, int], key: str, chunk: Chunk, mask: Any) -> None:
    count = int(chunk.counts[mask].sum())
    if count:
        sums[key] = sums.get(key, 0) + count


def _patterns_in(chunk: Chunk) -> pa.Table:
    codes = patterns_of(chunk).dictionary_encode()
    # float64 weights are exact up to 2**53 rows
    sums = np.bincount(codes.indices.to_numpy(), weights=chunk.counts, minlength=len(codes.dictionary)).astype(np.int64)
    return pa.table({"p": codes.dictionary, "n": sums})


def _patterns(tables: list[pa.Table]) -> pa.Table:
    if not tables:
        return pa.schema([("p", pa.large_string()), ("n", pa.int64())]).empty_table()
    if len(tables) == 1:
        return tables[0]
    merged = pa.concat_tables(tables).group_by("p", use_threads=False).aggregate([("n", "sum")])
    return merged.rename_columns(["p", "n"])


def top_patterns(content: Content) -> list[tuple[str, int]]:
    """The most frequent patterns, equally frequent ones by code point."""
    order = [("n", "descending"), ("p", "ascending")]
    rows = pc.select_k_unstable(content.patterns, k=TOP_PATTERNS, sort_keys=order)
    found = content.patterns.take(rows).to_pylist()
    return [(shown(row["p"]), row["n"]) for row in found]


def _weight(content: Content, gate: str) -> int:
    """Values whose pattern is one of these."""
    matching = pc.match_substring_regex(content.patterns["p"], f"^(?s:{gate})$")
    return int(pc.sum(content.patterns.filter(matching)["n"]).as_py() or 0)


def identifiers(session: Session, freq: str, content: Content, count: int) -> dict[str, float]:
    """Key of the identifier → share of the non-null values; only what occurs."""
    found = dict(content.checksums)
    candidates = [key for key, gate in FORM_GATES.items() if _weight(content, gate)]
    found |= _matching(session, freq, {key: FORMS[key] for key in candidates})
    return {key: found[key] / count for key in (*CHECKSUM_MASKS, *FORMS) if found.get(key)}


def _matching(session: Session, freq: str, forms: Mapping[str, str]) -> dict[str, int]:
    if not forms:
        return {}
    sums = ", ".join(
        f"coalesce(sum(n) FILTER (WHERE regexp_full_match(v, {literal(form)})), 0)" for form in forms.values()
    )
    return dict(zip(forms, map(int, one(session, f"SELECT {sums} FROM {freq}")), strict=True))


def detected(
    session: Session, freq: str, content: Content, count: int, value_class: ValueClass, known: Iterable[float]
) -> dict[str, Any] | None:
    """What the column's values are under their declared type: dates or, in a text column, numbers.

    {"type": "date" | "timestamp", "format": the most frequent one, "share": of all formats together, 0 to 1,
    "formats": [[format, share], …]} or {"type": "integer" | "decimal", "format": None, "share": …}; None when less
    than half of the values are. A column of identifiers (``known``: their shares) holds no numbers to reckon with.
    """
    shares = sorted(
        ((form, weight / count) for form, weight in content.dates.items()), key=lambda item: (-item[1], item[0])
    )
    share = sum(content.dates.values()) / count
    if share >= DETECTED_SHARE:
        best = shares[0][0]
        kind = "timestamp" if parse_format(best).has_time else "date"
        return {"type": kind, "format": best, "share": min(share, 1.0), "formats": [list(item) for item in shares]}
    if value_class is not ValueClass.TEXT or max(known, default=0.0) >= DETECTED_SHARE:
        return None
    if _weight(content, _NUMBER_GATE) / count < DETECTED_SHARE:
        return None
    numbers, whole = one(
        session,
        f"SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (WHERE strpos(v, '.') = 0), 0) FROM {freq}"
        f" WHERE regexp_full_match(v, {literal(NUMBER_FORM)})",
    )
    if numbers / count < DETECTED_SHARE:
        return None
    kind = "integer" if whole == numbers else "decimal"
    return {"type": kind, "format": None, "share": int(numbers) / count}
