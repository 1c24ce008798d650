"""Parquet files: typed columns, exact row counts from the footer."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scanner.connectors import canonical
from scanner.connectors.base import unique_names
from scanner.errors import SourceError, said
from scanner.guard import Limits, open_file
from scanner.model import Column, ValueClass
from scanner.values.typed import TEXT, plain_type

TOO_MUCH = said("reading it takes more memory than allowed")
_BYTES_REPEATING = 1.25  # a value
_MANY, _DENSE = 100_000_000, 1_000  # rows, and rows a byte: what no table of real values comes to


def layout(path: Path, shown: str, limits: Limits) -> tuple[tuple[Column, ...], int]:
    """Columns and number of rows; SourceError not_parquet, too_large."""
    with os.fdopen(open_file(path, limits.file_bytes), "rb") as file:
        try:
            opened = pq.ParquetFile(file)
            schema, rows = opened.schema_arrow, opened.metadata.num_rows
        except MemoryError:
            raise SourceError("file_rejected", path=shown, reason=TOO_MUCH) from None
        except (pa.ArrowException, OSError, ValueError, OverflowError):
            raise SourceError("not_parquet", path=shown) from None
    size = path.stat().st_size
    if rows > _MANY and rows > _DENSE * size:
        raise SourceError(
            "file_rejected", path=shown, reason=said("it claims {rows} rows in {size} bytes", rows=rows, size=size)
        )
    return tuple(_columns(schema)), rows


def _columns(schema: pa.Schema) -> Iterator[Column]:
    for position, (field, name) in enumerate(zip(schema, unique_names(schema.names), strict=True), 1):
        note = (field.metadata or {}).get(b"comment", b"")
        yield Column(
            name, position, str(field.type), class_of(field.type), field.nullable,
            comment=note.decode(errors="replace") if isinstance(note, bytes) else "",
        )  # fmt: skip


def class_of(kind: pa.DataType) -> ValueClass:
    if pa.types.is_dictionary(kind):
        return class_of(kind.value_type)
    tests = (
        (pa.types.is_integer, ValueClass.INTEGER), (pa.types.is_decimal, ValueClass.DECIMAL),
        (pa.types.is_floating, ValueClass.FLOAT), (pa.types.is_boolean, ValueClass.BOOLEAN),
        (pa.types.is_date, ValueClass.DATE), (pa.types.is_time, ValueClass.TIME),
        (pa.types.is_binary, ValueClass.BINARY), (pa.types.is_large_binary, ValueClass.BINARY),
        (pa.types.is_fixed_size_binary, ValueClass.BINARY),
    )  # fmt: skip
    if pa.types.is_timestamp(kind):
        return ValueClass.TIMESTAMPTZ if kind.tz else ValueClass.TIMESTAMP
    return next((found for test, found in tests if test(kind)), ValueClass.TEXT)


def batches(
    path: Path, shown: str, wanted: Sequence[int], limits: Limits, plain: Sequence[Column] | None = None
) -> Iterator[pa.RecordBatch]:
    """The wanted columns (by place), made canonical; given the file's columns, numbers and dates as such."""
    with os.fdopen(open_file(path, limits.file_bytes), "rb") as file:
        try:
            opened = pq.ParquetFile(file)
            names = [opened.schema_arrow.names[at] for at in wanted]
            single = len(set(opened.schema_arrow.names)) == len(opened.schema_arrow.names)
            rows = _rows_a_batch(opened.metadata, limits)
            if plain is not None and single and (repeating := _repeating(opened)):
                opened = pq.ParquetFile(file, read_dictionary=repeating)
            for batch in opened.iter_batches(rows, columns=names if single else None, use_threads=False):
                places = range(batch.num_columns) if single else wanted
                taken = [batch.column(at) for at in places]
                if plain is None:
                    arrays = [canonical_array(values) for values in taken]
                else:
                    arrays = [_plain(values, plain[at]) for values, at in zip(taken, wanted, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, names=[f"c{at}" for at in range(len(arrays))])
        except MemoryError:
            raise SourceError("file_rejected", path=shown, reason=TOO_MUCH) from None
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            raise SourceError("read_failed", object=shown, reason=str(error)) from None


def _repeating(opened: pq.ParquetFile) -> list[str]:
    """Names of the text columns that take hardly a byte a value: a dictionary of few texts, better left as such."""
    about, schema = opened.metadata, opened.schema_arrow
    if about.num_columns != len(schema) or not about.num_row_groups:  # nested ones are several
        return []
    group = about.row_group(0)
    sizes = [group.column(at).total_uncompressed_size for at in range(len(schema))]
    return [
        field.name
        for field, size in zip(schema, sizes, strict=True)
        if _is_string(field.type) and size < _BYTES_REPEATING * group.num_rows
    ]


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _rows_a_batch(about: pq.FileMetaData, limits: Limits) -> int:
    """Fewer where rows are fat; what the footer says is a guess only."""
    size = sum(about.row_group(number).total_byte_size for number in range(min(about.num_row_groups, 1_000)))
    fitting: int = limits.batch_bytes * max(1, about.num_rows) // max(1, size)
    return max(1, min(limits.batch_rows, fitting))


def _plain(values: pa.Array, column: Column) -> pa.Array:
    """In the plain type of the column where that holds every value, else as canonical strings."""
    wanted, kind = plain_type(column), values.type
    if kind == TEXT or (pa.types.is_dictionary(kind) and _is_string(kind.value_type)):
        return values
    cut = pa.types.is_timestamp(kind) and kind.unit == "ns"  # to microseconds, which the text says better
    if wanted != TEXT and not cut and (wanted == kind or not pa.types.is_floating(kind)):
        try:
            return pc.cast(values, wanted)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
    return canonical_array(values)


def canonical_array(values: pa.Array) -> pa.Array:
    """An Arrow array of any type as canonical strings."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return canonical_array(values.dictionary_decode())
    value_class = class_of(kind)
    if value_class is ValueClass.TEXT:
        return _text(values)
    if value_class is ValueClass.BINARY:
        return pa.array([None if item is None else item.hex() for item in values.to_pylist()], pa.string())
    if value_class is ValueClass.FLOAT:
        if kind != pa.float64():
            return canonical.widened_floats(pc.cast(pc.cast(values, pa.float32()), pa.string()))
        return canonical.double_text(values)
    if pa.types.is_decimal(kind):
        texts = [None if item is None else format(item, "f") for item in values.to_pylist()]
        return canonical.decimals(pa.array(texts, pa.string()))
    if pa.types.is_timestamp(kind):
        plain = canonical.timestamps(pc.cast(pc.cast(values, pa.timestamp(kind.unit)), pa.string()))
        return pc.binary_join_element_wise(plain, "+00:00", "") if kind.tz else plain
    if pa.types.is_date64(kind):
        values = pc.cast(values, pa.date32())
    printed = pc.cast(values, pa.string())
    return canonical.times(printed) if value_class is ValueClass.TIME else printed


def _text(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_string(kind):
        return values
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return pc.cast(values, pa.string())
    texts = [None if item is None else _printed(item) for item in values.to_pylist()]
    return pa.array(texts, pa.string())


def _printed(item: Any) -> str:
    if isinstance(item, str):
        return item
    return json.dumps(item, ensure_ascii=False, default=str) if isinstance(item, list | dict) else str(item)
