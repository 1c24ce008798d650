"""The most frequent patterns of a column in which nearly every value has a pattern of its own: hashes, tokens, addresses.

To write a million patterns and to group them costs more than all else that is measured of a column. So values are told
apart by what their characters become, grouped as texts are, and only those that can be among the first are written.
"""

import tempfile
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scanner.measures.frequency import Frequencies, Session, count_values, grouped
from scanner.model import Column, ValueClass
from scanner.store import Scan, Store
from scanner.values.chunk import CHUNK_ROWS, Chunk, Ints
from scanner.values.patterns import patterns_of_symbols

_SYMBOLS = Column("symbols", 1, "text", ValueClass.TEXT)
_TIMES = Column("times", 2, "bigint", ValueClass.INTEGER)
_SHOWN, _COUNTED = "wild_symbols", "wild_counted"
# The one way in which different symbols give one pattern: "a{9}" and nine times "a".
_AMBIGUOUS = "{9}"
_HEAD = 8  # bytes of a pattern by which most are passed over


class WildPatterns:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._store = Store([_SYMBOLS, _TIMES], tempfile.gettempdir())
        self._single = True  # every value counts once
        self._ambiguous = False

    def add(self, symbols: pa.Array, counts: Ints) -> None:
        self._single = self._single and bool((counts == 1).all())
        self._ambiguous = self._ambiguous or _AMBIGUOUS.encode() in Chunk(symbols).raw
        self._store.append(pa.record_batch([symbols, counts], ["s", "n"]))

    def top(self, limit: int) -> list[tuple[str, int]]:
        """The most frequent patterns, equally frequent ones by code point. Ends the collection."""
        self._store.flush()
        try:
            found = self._written(limit) if self._ambiguous else self._found(limit)
        finally:
            self._store.close()
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:limit]

    def _found(self, limit: int) -> dict[str, int]:
        freq = self._counted()
        most = self._session.execute(
            f"SELECT v, n FROM {freq.repeated} WHERE n >= coalesce((SELECT min(n) FROM (SELECT n FROM {freq.repeated}"
            f" ORDER BY n DESC LIMIT {limit})), 0)"
        ).fetchall()
        found: dict[str, int] = {}
        if most:
            patterns = patterns_of_symbols(pa.array([text for text, _ in most], pa.large_string())).to_pylist()
            found = dict(zip(patterns, (number for _, number in most), strict=True))
        if len(found) < limit:
            found |= dict.fromkeys(self._least_alone(freq, limit - len(found)), 1)
        return found

    def _counted(self) -> Frequencies:
        if self._single:
            scan = Scan(self._store, [0], lambda: None)
            return count_values(self._session, _COUNTED, self._store, 0, scan, plainly=True)
        self._session.register(_SHOWN, Scan(self._store, [0, 1], lambda: None))
        self._session.execute(
            f"CREATE OR REPLACE TABLE {_COUNTED} AS SELECT c0 AS v, sum(c1::BIGINT)::BIGINT AS n FROM {_SHOWN} GROUP BY c0"
        )
        return grouped(self._session, _COUNTED)

    def _least_alone(self, freq: Frequencies, limit: int) -> list[str]:
        """The first patterns among those that occur once."""
        alone = f"{freq.name} WHERE n = 1"
        if freq.plain:
            alone = f"{freq.name} ANTI JOIN {freq.repeated} USING (v)" if freq.unique < freq.count else freq.name
        least: list[str] = []
        for batch in self._session.sql(f"SELECT v FROM {alone}").to_arrow_reader(CHUNK_ROWS):
            values = batch.column(0).cast(pa.large_string())
            if len(least) == limit:
                values = values.filter(pa.array(_heads(Chunk(values)) <= _head(least[-1])))
            if len(values):
                patterns = patterns_of_symbols(values)
                places = pc.select_k_unstable(pa.table({"p": patterns}), k=limit, sort_keys=[("p", "ascending")])
                least = sorted([*least, *patterns.take(places).to_pylist()])[:limit]
        return least

    def _written(self, limit: int) -> dict[str, int]:
        """Every pattern is written; DuckDB groups them."""

        def batches() -> Iterator[pa.RecordBatch]:
            for symbols, times in zip(self._store.texts(0), self._store.arrays(1), strict=True):
                yield pa.record_batch([patterns_of_symbols(symbols), times], ["p", "n"])

        schema = pa.schema([("p", pa.large_string()), ("n", pa.int64())])
        self._session.register(_SHOWN, pa.RecordBatchReader.from_batches(schema, batches()))
        rows = self._session.execute(
            f"SELECT p, sum(n)::BIGINT AS m FROM {_SHOWN} GROUP BY p ORDER BY m DESC, p LIMIT {limit}"
        ).fetchall()
        self._session.unregister(_SHOWN)
        return dict(rows)


def _heads(chunk: Chunk) -> npt.NDArray[np.uint64]:
    """The first bytes of each pattern as a number that sorts as they do; what is not known of them is zero."""
    padded = np.append(chunk.data, np.zeros(_HEAD, np.uint8))
    windows = np.lib.stride_tricks.as_strided(padded, (len(padded) - _HEAD + 1, _HEAD), (1, 1))
    heads = windows[chunk.starts].T.copy()
    known = np.ones(len(chunk), np.bool_)
    for place in range(_HEAD):
        known &= chunk.sizes > place
        symbols = heads[place].copy()
        repeats = windows[chunk.starts, place - 1] == symbols if place else np.zeros(len(chunk), np.bool_)
        heads[place] = np.where(known, np.where(repeats, ord("{"), symbols), 0)
        known &= ~repeats & (symbols < 0x80)  # digits of the run follow; or the rest of a character
    return np.ascontiguousarray(heads.T).view(">u8").ravel().astype(np.uint64)


def _head(pattern: str) -> np.uint64:
    return np.uint64(int.from_bytes(pattern.encode()[:_HEAD].ljust(_HEAD, b"\0"), "big"))
