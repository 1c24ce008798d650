"""What the characters of values say: lengths, blanks, patterns, identifiers, dates and numbers kept as text.

One pass over the values of a column, a chunk at a time. Most questions are put to the patterns of a chunk, of which
there are few where values are alike, and only the values whose pattern allows it are looked at themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scanner.measures.frequency import Session
from scanner.measures.wild_patterns import WildPatterns
from scanner.model import ValueClass
from scanner.values.canonical import shown
from scanner.values.chunk import Chunk, Ints, Mask
from scanner.values.dates import DETECTED_FORMATS, DateFormat, dates_in, parse_format
from scanner.values.identifiers import CHECKSUM_MASKS, FORMS, form_masks
from scanner.values.patterns import Shapes, shapes_of, symbols_of
from scanner.values.text import WHITE_SPACE

TOP_PATTERNS = 20
DETECTED_SHARE = 0.5  # of the non-null values must be dates, or numbers, for a text column to count as one
NUMBER_FORM = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"  # 007 is a code, no number
_NUMBER_GATE = r"^-?9(\{\d+\})?(\.9(\{\d+\})?)?$"
_SAMPLE = 1_024  # values by which a column of many patterns is known
_MERGE_AT = 50_000  # patterns of several chunks before they are merged
_BLANK_FIRSTS = np.isin(np.arange(257), [256, *{sign.encode()[0] for sign in WHITE_SPACE}])  # first bytes; 256: empty
_DIGITS = np.isin(np.arange(257), np.frombuffer(b"0123456789", np.uint8))
_NUMBER_FIRSTS = np.isin(np.arange(257), np.frombuffer(b"-0123456789", np.uint8))
_FORMATS: tuple[DateFormat, ...] = tuple(parse_format(text) for text in DETECTED_FORMATS)
_SPILLED = "patterns_spilled"


@dataclass
class Content:
    """What is found, in values weighted by how often they occur."""

    session: Session
    has_patterns: bool = True  # text and integers; of other classes only lengths and extremes are taken
    checksums: dict[str, int] = field(default_factory=dict)  # scheme → values
    forms: dict[str, int] = field(default_factory=dict)  # form of an identifier → values
    dates: dict[str, int] = field(default_factory=dict)  # format → values
    lengths: dict[int, int] = field(default_factory=dict)  # characters → values
    numbers: int = 0
    whole: int = 0  # of the numbers, those without a point
    blanks: int = 0
    low: str | None = None
    high: str | None = None
    _patterns: list[pa.Table] = field(default_factory=list)  # p, n
    _groups: int = 0
    _spilled: bool = False
    _first: bool = True
    _wild: WildPatterns | None = None

    def add(self, chunk: Chunk) -> None:
        if not len(chunk):
            return
        self._add_ends(chunk)
        if not self.has_patterns:
            self._add_lengths(chunk.lengths, chunk.counts)
            return
        if self._first:
            self._first = False
            if _is_wild(chunk):
                self._wild = WildPatterns(self.session)
        if self._wild is not None:
            self._add_wild(chunk, self._wild)
        else:
            shapes = shapes_of(chunk)
            self._add_lengths(shapes.lengths, chunk.counts)
            self._add_patterns(shapes, chunk)
            self._add_numbers(self._whole(shapes, chunk), chunk)
        for key, mask in form_masks(chunk):
            _add(self.forms, key, chunk, mask)
        add_checked(self.checksums, self.dates, chunk)

    def _add_wild(self, chunk: Chunk, wild: WildPatterns) -> None:
        symbols = symbols_of(chunk)
        self._add_lengths(symbols.lengths, chunk.counts)
        wild.add(symbols.texts, chunk.counts)
        firsts = chunk.firsts
        maybe = np.flatnonzero(_BLANK_FIRSTS[firsts])
        if len(maybe):
            blank = _is_blank(chunk.values.take(pa.array(maybe)))
            self.blanks += int(chunk.counts[maybe[blank]].sum())
        self._add_numbers(_NUMBER_FIRSTS[firsts] & _DIGITS[chunk.lasts], chunk)

    def _add_ends(self, chunk: Chunk) -> None:
        ends = pc.min_max(chunk.values).as_py()
        self.low = ends["min"] if self.low is None else min(self.low, ends["min"])
        self.high = ends["max"] if self.high is None else max(self.high, ends["max"])

    def _add_lengths(self, lengths: Ints, counts: Ints) -> None:
        if int(lengths.max()) < 4 * len(lengths) + 64:
            sums = np.bincount(lengths, weights=counts)
            found = {int(length): int(sums[length]) for length in np.flatnonzero(sums)}
        else:
            found = {}
            for length, count in zip(lengths.tolist(), counts.tolist(), strict=True):
                found[length] = found.get(length, 0) + count
        for length, count in found.items():
            self.lengths[length] = self.lengths.get(length, 0) + count

    def _add_patterns(self, shapes: Shapes, chunk: Chunk) -> None:
        # float64 weights are exact up to 2**53 rows
        sums = np.bincount(shapes.codes, weights=chunk.counts, minlength=len(shapes.patterns)).astype(np.int64)
        self.blanks += int(sums[_is_blank(shapes.patterns)].sum())  # white space stands for itself
        self._patterns.append(pa.table({"p": shapes.patterns, "n": sums}))
        self._groups += len(sums)
        if self._groups > _MERGE_AT:
            self._patterns = [_merged(self._patterns)]
            self._groups = len(self._patterns[0]) // 2
            if self._groups > _MERGE_AT // 4:
                self._spill(self._patterns.pop())

    def _spill(self, table: pa.Table) -> None:
        beside = self.session.cursor()  # the chunks come from an open result of the session itself
        if not self._spilled:
            beside.execute(f"CREATE OR REPLACE TABLE {_SPILLED} (p VARCHAR, n BIGINT)")
        self._spilled = True
        beside.register("arriving", table)
        beside.execute(f"INSERT INTO {_SPILLED} SELECT p, n FROM arriving")
        beside.close()

    def _whole(self, shapes: Shapes, chunk: Chunk) -> Mask:
        """Count the whole numbers that their pattern and first digit give away; which values are still to be looked at."""
        like = pc.match_substring_regex(shapes.patterns, _NUMBER_GATE).to_numpy(zero_copy_only=False)
        if not like.any():
            return np.zeros(len(chunk), np.bool_)
        possible: Mask = like[shapes.codes]
        if chunk.is_ascii:
            digits = pc.match_substring_regex(shapes.patterns, r"^9(\{\d+\})?$").to_numpy(zero_copy_only=False)
            plain = digits[shapes.codes]
            found = int(chunk.counts[plain & ((chunk.firsts != ord("0")) | (chunk.sizes == 1))].sum())
            self.numbers += found
            self.whole += found
            possible &= ~plain
        return possible

    def _add_numbers(self, possible: Mask, chunk: Chunk) -> None:
        if not possible.any():
            return
        values = chunk.values.filter(pa.array(possible))
        found = pc.match_substring_regex(values, rf"\A(?:{NUMBER_FORM})\z").to_numpy(zero_copy_only=False)
        whole = ~pc.match_substring(values, ".").to_numpy(zero_copy_only=False)
        counts = chunk.counts[possible]
        self.numbers += int(counts[found].sum())
        self.whole += int(counts[found & whole].sum())

    def top_patterns(self) -> list[tuple[str, int]]:
        """The most frequent patterns, equally frequent ones by code point."""
        if self._wild is not None:
            found = self._wild.top(TOP_PATTERNS)
        elif self._spilled:
            self._spill(_merged(self._patterns))
            found = self.session.execute(
                f"SELECT p, sum(n)::BIGINT AS m FROM {_SPILLED} GROUP BY p ORDER BY m DESC, p LIMIT {TOP_PATTERNS}"
            ).fetchall()
        else:
            merged = _merged(self._patterns)
            rows = pc.select_k_unstable(merged, k=TOP_PATTERNS, sort_keys=[("n", "descending"), ("p", "ascending")])
            found = [(row["p"], row["n"]) for row in merged.take(rows).to_pylist()]
        return [(shown(pattern), number) for pattern, number in found]

    def identifiers(self, count: int) -> dict[str, float]:
        """Key of the identifier → share of the non-null values; only what occurs."""
        found = self.checksums | self.forms
        return {key: found[key] / count for key in (*CHECKSUM_MASKS, *FORMS) if found.get(key)}

    def detected(self, count: int, value_class: ValueClass, known: Iterable[float]) -> dict[str, Any] | None:
        """What the column's values are under their declared type: dates or, in a text column, numbers.

        As ``dates_detected``, or {"type": "integer" | "decimal", "format": None, "share": …}; None when less than
        half of the values are. A column of identifiers (``known``: their shares) holds no numbers to reckon with.
        """
        dates = dates_detected(self.dates, count)
        if dates is not None:
            return dates
        named = value_class is not ValueClass.TEXT or max(known, default=0.0) >= DETECTED_SHARE
        if named or self.numbers / count < DETECTED_SHARE:
            return None
        kind = "integer" if self.whole == self.numbers else "decimal"
        return {"type": kind, "format": None, "share": self.numbers / count}


def add_checked(checksums: dict[str, int], dates: dict[str, int], chunk: Chunk) -> None:
    """Count the values with a right check character, and those that are dates, by scheme and format."""
    for scheme, mask_of in CHECKSUM_MASKS.items():
        _add(checksums, scheme, chunk, mask_of(chunk))
    for form in _FORMATS:
        if any(layout.width in chunk.widths for layout in form.layouts):
            _add(dates, form.text, chunk, dates_in(chunk, form))


def dates_detected(dates: Mapping[str, int], count: int) -> dict[str, Any] | None:
    """{"type": "date" | "timestamp", "format": the most frequent one, "share": of all formats together, 0 to 1,
    "formats": [[format, share], …]}; None when less than half of the values are dates."""
    shares = sorted(((form, weight / count) for form, weight in dates.items()), key=lambda item: (-item[1], item[0]))
    share = sum(dates.values()) / count
    if share < DETECTED_SHARE:
        return None
    best = shares[0][0]
    kind = "timestamp" if parse_format(best).has_time else "date"
    return {"type": kind, "format": best, "share": min(share, 1.0), "formats": [list(item) for item in shares]}


def _add(sums: dict[str, int], key: str, chunk: Chunk, mask: Mask) -> None:
    count = int(chunk.counts[mask].sum())
    if count:
        sums[key] = sums.get(key, 0) + count


def _is_wild(chunk: Chunk) -> bool:
    """Whether most values have a pattern of their own, by the first of them."""
    sample = chunk.values.slice(0, _SAMPLE)
    return len(sample) == _SAMPLE and 2 * len(shapes_of(Chunk(sample)).patterns) > _SAMPLE


def _is_blank(texts: pa.Array) -> Mask:
    blank: Mask = pc.equal(pc.utf8_ltrim(texts, WHITE_SPACE), "").to_numpy(zero_copy_only=False)
    return blank


def _merged(tables: list[pa.Table]) -> pa.Table:
    if not tables:
        return pa.schema([("p", pa.large_string()), ("n", pa.int64())]).empty_table()
    if len(tables) == 1:
        return tables[0]
    merged = pa.concat_tables(tables).group_by("p", use_threads=False).aggregate([("n", "sum")])
    return merged.rename_columns(["p", "n"])
