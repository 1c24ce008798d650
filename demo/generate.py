"""Rows of a source, table by table, with their faults; the same on every machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from demo.faults import Fault, count_failed, plant
from demo.spec import SourceSpec, TableSpec
from demo.values import draw, generate


@dataclass(frozen=True)
class Filled:
    """A table with its values, column by column, and the rules that its planted faults break."""

    spec: TableSpec
    columns: list[list[Any]]
    truth: list[dict[str, Any]]  # {"kind","columns","parameters","failed"}

    @property
    def rows(self) -> Iterator[tuple[Any, ...]]:
        return zip(*self.columns, strict=True)


def fill(source: SourceSpec) -> list[Filled]:
    """All tables of a source. References are drawn from tables of the source, in whatever order they stand."""
    done: dict[str, Filled] = {}
    specs = {_label(spec): spec for spec in source.tables}
    for label in specs:
        _fill(source.key, label, specs, done)
    return [done[label] for label in specs]


def _fill(key: str, label: str, specs: dict[str, TableSpec], done: dict[str, Filled]) -> Filled:
    if label in done:
        return done[label]
    spec = specs[label]
    rows = draw(f"{key}/{label}", spec.rows, spec.draw.rstrip())
    columns: list[list[Any]] = []
    faults: list[Fault] = []
    for column in spec.columns:
        if column.generator.startswith("ref:"):
            table, _, name = column.generator.removeprefix("ref:").rpartition(".")
            target = _fill(key, table, specs, done)
            index = [other.name for other in target.spec.columns].index(name)
            values = rows.rng.choices(target.columns[index], k=spec.rows)
        else:
            values = generate(rows, column.generator)
        faults += plant(column, values, Random(f"{key}/{label}/{column.name}"))
        columns.append(values)
    names = [column.name for column in spec.columns]
    truth = [
        {"kind": fault.kind, "columns": [fault.column], "parameters": fault.parameters,
         "failed": count_failed(fault, columns[names.index(fault.column)])}
        for fault in faults
    ]  # fmt: skip
    done[label] = Filled(spec, columns, truth)
    return done[label]


def _label(spec: TableSpec) -> str:
    return f"{spec.schema}.{spec.name}" if spec.schema else spec.name
