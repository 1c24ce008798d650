"""How often each value of a column occurs, in the cheapest form that is exact.

A column of few different values is grouped: each value (``v``, canonical text, not null) stands once with its count
(``n``). Where most rows differ, grouping would copy the column, so it stays plain: a view in which each row counts one,
beside a table of the values that occur more than once. Hashes find those: rows whose hash occurs once are alone, and
the others are grouped by value, so two values with one hash are still two.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scanner.model import Column, ValueClass
from scanner.store import Scan, Store
from scanner.values.chunk import CHUNK_ROWS, Chunk
from scanner.values.typed import TEXT, text_of

Session = duckdb.DuckDBPyConnection
Hashes = npt.NDArray[Any]  # 64 bits, of either sign
Pieces = Callable[[], Iterator[Hashes]]  # all of them, from the first on
Texts = Callable[[], Iterator[pa.Array]]  # the values of a column that are not null, from the first on

SAMPLE = 4_096  # values by which a column is judged
MANY = 0.25  # share of them that differ: too many to count in Arrow …
REPEATS = 0.5  # … and share of all values that may be expected to repeat: too few to group
MOST_GROUPS, MOST_BYTES = 100_000, 16 << 20  # counted in Arrow; beyond, DuckDB groups, which can spill
MOST_GROUPED = 4_000_000  # values grouped at a time
MOST_SORTED = 2_000_000  # hashes sorted at a time: memory is that of so many, however many there are
_HASH = Column("h", 1, "bigint", ValueClass.INTEGER)
_HEAD_BITS = 20
_BEHIND_HEAD = np.uint64(64 - _HEAD_BITS)


@dataclass(frozen=True, slots=True)
class Frequencies:
    """``name``: a relation of the session with ``v`` and ``n``; ``repeated``: the same of values with n > 1."""

    session: Session
    name: str
    count: int  # of non-null values
    distinct: int
    unique: int  # values that occur once
    repeated: str
    plain: bool = False  # a value may stand more than once, each time with n = 1
    texts: Texts | None = None  # the values of a plain relation

    def chunks(self) -> Iterator[Chunk]:
        """The values piece by piece; no other statement may run on the session meanwhile."""
        if self.texts is not None:
            yield from (Chunk(array) for array in self.texts() if len(array))
            return
        for batch in self.session.sql(f"SELECT v, n FROM {self.name}").to_arrow_reader(CHUNK_ROWS):
            if batch.num_rows:
                yield Chunk(batch.column(0), batch.column(1).to_numpy())


def grouped(session: Session, name: str) -> Frequencies:
    """From a table of the session in which each value stands once."""
    count, distinct, unique = one(session, f"SELECT sum(n), count(*), count(*) FILTER (WHERE n = 1) FROM {name}")
    return Frequencies(session, name, int(count or 0), distinct, unique, f"(SELECT v, n FROM {name} WHERE n > 1)")


def make_frequencies(
    session: Session, name: str, relation: str, reference: str, *, where: str = "", parameters: Sequence[Any] = ()
) -> Frequencies:
    """Group a column of a relation into table ``name``. All three are SQL of our own making, already quoted."""
    limit = f" AND {where}" if where else ""
    session.execute(
        f"CREATE OR REPLACE TABLE {name} AS SELECT {reference} AS v, count(*) AS n"
        f" FROM {relation} WHERE {reference} IS NOT NULL{limit} GROUP BY 1",
        list(parameters),
    )
    return grouped(session, name)


def count_values(session: Session, name: str, store: Store, place: int, scan: Scan, *, plainly: bool) -> Frequencies:
    """The frequencies of a column of the store; ``plainly`` when the caller can do with a plain one.

    ``scan`` shows the column as c0, c1, …; a table ``name`` or a view beside it is made anew.
    """
    if store.type(place) != TEXT:
        return _from_table(session, name, _numbers(store, place))
    found, mostly_different = _counted(store, place)
    if found is not None:
        return _from_table(session, name, found)
    source, count = f"{name}_source", store.rows - store.nulls[place]
    session.register(source, scan)
    if mostly_different and plainly:
        present = f"{source} WHERE c{place} IS NOT NULL"
        texts = lambda: (array.drop_null() for array in store.texts(place))  # noqa: E731
        seen = _plain(session, f"{name}_plain", present, f"c{place}", count, texts)
        if seen is not None:
            return seen
    if count <= MOST_GROUPED:
        return make_frequencies(session, name, source, f"c{place}")
    return _grouped_in_parts(session, name, source, f"c{place}", -(-count // MOST_GROUPED))


def _grouped_in_parts(session: Session, name: str, source: str, reference: str, parts: int) -> Frequencies:
    """As ``make_frequencies``: to read so often what is here already costs less than groups that do not fit memory."""
    session.execute(f"CREATE OR REPLACE TABLE {name} (v VARCHAR, n BIGINT)")
    for part in range(parts):
        session.execute(
            f"INSERT INTO {name} SELECT {reference}, count(*) FROM {source}"
            f" WHERE {reference} IS NOT NULL AND hash({reference}) % {parts} = {part} GROUP BY 1"
        )
    return grouped(session, name)


def _numbers(store: Store, place: int) -> pa.Table:
    arrays = [array.drop_null() for array in store.arrays(place)]
    counts = pc.value_counts(pa.chunked_array(arrays, store.type(place)))
    return pa.table({"v": pc.cast(text_of(counts.field(0)), TEXT), "n": counts.field(1)})


def _counted(store: Store, place: int) -> tuple[pa.Table | None, bool]:
    """The groups when they are few, else None; whether most values are likely to differ, by the first rows."""
    held: list[pa.Table] = []
    count = store.rows - store.nulls[place]
    groups = size = values = 0
    for array in store.arrays(place):
        counts = _counts_of(array)
        held.append(counts)
        groups += len(counts)
        size += counts.nbytes
        values += len(array) - array.null_count
        if SAMPLE <= values < 8 * SAMPLE and groups > MANY * values:
            # n values drawn from D have about n/2D repeats, so a column of so many times n has as many times the share
            return None, (values - groups) * count < REPEATS * values * values
        if groups > MOST_GROUPS or size > MOST_BYTES:
            held = [_merged(held)]
            groups, size = len(held[0]), held[0].nbytes
            if groups * 2 > MOST_GROUPS or size * 2 > MOST_BYTES:
                return None, False
    return _merged(held), False


def _counts_of(array: pa.Array) -> pa.Table:
    """Each different text of a piece with its count."""
    if pa.types.is_dictionary(array.type):
        times = np.bincount(array.indices.drop_null().to_numpy(), minlength=len(array.dictionary))
        found = np.flatnonzero(times)
        return pa.table({"v": pc.cast(array.dictionary.take(pa.array(found)), TEXT), "n": times[found]})
    counts = pc.value_counts(pc.cast(text_of(array).drop_null(), TEXT))
    return pa.table({"v": counts.field(0), "n": counts.field(1)})


def _merged(tables: Sequence[pa.Table]) -> pa.Table:
    if not tables:
        return pa.table({"v": pa.array([], TEXT), "n": pa.array([], pa.int64())})
    merged = pa.concat_tables(tables).group_by("v", use_threads=False).aggregate([("n", "sum")])
    return merged.rename_columns(["v", "n"])


def _from_table(session: Session, name: str, groups: pa.Table) -> Frequencies:
    session.register("counted", groups)
    session.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT v, n FROM counted")
    session.unregister("counted")
    return grouped(session, name)


def _plain(session: Session, name: str, source: str, reference: str, count: int, texts: Texts) -> Frequencies | None:
    """None when so many values repeat that grouping is cheaper."""
    batches = session.sql(f"SELECT hash({reference}) FROM {source}").to_arrow_reader(1 << 17)
    with _kept((batch.column(0).to_numpy().view(np.int64) for batch in batches), count) as hashes:
        again, rest = _repeated(hashes, count)
        if 2 * (len(again) + rest) > count:
            return None
        session.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {reference} AS v, 1::BIGINT AS n FROM {source}")
        repeated = f"{name}_repeated"
        _group(session, repeated, _taken(texts(), _among_all(hashes, again)) if len(again) else iter(()))
    values, rows = one(session, f"SELECT count(*), coalesce(sum(n), 0) FROM {repeated}")
    alone = count - int(rows)
    return Frequencies(session, name, count, alone + values, alone, repeated, plain=True, texts=texts)


@contextmanager
def _kept(hashes: Iterator[Hashes], count: int) -> Iterator[Pieces]:
    """The hashes to be gone through again and again, on disk when they are many."""
    if count <= MOST_SORTED:
        whole = np.concatenate([np.zeros(0, np.int64), *hashes])
        yield lambda: iter([whole])
        return
    store = Store([_HASH], tempfile.gettempdir())
    try:
        for piece in hashes:
            store.append(pa.record_batch([pa.array(piece)], ["h"]))
        store.flush()
        yield lambda: store.numbers_by_piece(0)
    finally:
        store.close()


def _repeated(hashes: Pieces, count: int) -> tuple[Hashes, int]:
    """As ``repeated_in``, a range of the hashes at a time, since so many can be sorted."""
    parts = -(-count // MOST_SORTED) or 1
    bounds = [(1 << 64) * at // parts - (1 << 63) for at in range(1, parts)]
    again, rest = [np.zeros(0, np.int64)], 0
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        above = (piece if low is None else piece[piece >= low] for piece in hashes())
        part = np.concatenate([piece if high is None else piece[piece < high] for piece in above])
        part.sort()
        found, beyond = repeated_in(part)
        again.append(found)
        rest += beyond
    return np.concatenate(again), rest


def repeated_in(ordered: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], int]:
    """The values that occur more than once in a sorted array, each once, and how many there are beyond those."""
    same = ordered[1:] == ordered[:-1]
    first = same.copy()
    first[1:] &= ~same[:-1]
    return ordered[1:][first], int(same.sum())


def _among_all(hashes: Pieces, wanted: Hashes) -> npt.NDArray[np.int64]:
    """As ``among``, over all pieces."""
    places, start = [], 0
    for piece in hashes():
        places.append(among(piece, wanted) + start)
        start += len(piece)
    return np.concatenate(places)


def _taken(texts: Iterator[pa.Array], places: npt.NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
    """The values at these places, which are in order."""
    start = 0
    for array in texts:
        first, last = np.searchsorted(places, (start, start + len(array)))
        if first < last:
            yield pa.record_batch([pc.cast(array.take(pa.array(places[first:last] - start)), TEXT)], ["v"])
        start += len(array)


def among(hashes: Hashes, wanted: Hashes) -> npt.NDArray[np.int64]:
    """The places of the hashes that are one of the wanted, which are in order and at least one."""
    heads = np.zeros(1 << _HEAD_BITS, np.bool_)  # most others are passed over by the first bits of their hash
    heads[wanted.view(np.uint64) >> _BEHIND_HEAD] = True
    found = np.flatnonzero(heads[hashes.view(np.uint64) >> _BEHIND_HEAD])
    places = np.minimum(np.searchsorted(wanted, hashes[found]), len(wanted) - 1)
    own: npt.NDArray[np.int64] = found[wanted[places] == hashes[found]]
    return own


def _group(session: Session, name: str, batches: Iterator[pa.RecordBatch]) -> None:
    """Make table ``name`` of the values that occur more than once among these."""
    reader = pa.RecordBatchReader.from_batches(pa.schema([("v", TEXT)]), batches)
    session.register("arriving", reader)
    session.execute(
        f"CREATE OR REPLACE TABLE {name} AS SELECT v, count(*) AS n FROM arriving GROUP BY v HAVING count(*) > 1"
    )
    session.unregister("arriving")


def one(session: Session, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...]:
    """The only row of a query."""
    (row,) = session.execute(sql, list(parameters)).fetchall()  # to the end: an open result blocks the session
    found: tuple[Any, ...] = row
    return found


def quoted(name: str) -> str:
    """A name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string constant of our own as DuckDB SQL; what a person typed goes as a parameter instead."""
    return "'" + text.replace("'", "''") + "'"
