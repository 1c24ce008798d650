"""The census of many small tables, by us and by DataHub's ingestion into a file."""

from benchmarks import ours
from benchmarks.data.estate import widths
from benchmarks.measuring import BenchmarkFault, measure
from benchmarks.peers import cases, datahub_recipe
from benchmarks.peers.environments import PEERS
from benchmarks.report import Outcome, ratio
from benchmarks.stage import Stage

OURS = "ours"


def run(stage: Stage) -> Outcome:
    source = stage.estate(stage.tables)
    recipe, target = datahub_recipe.write(stage.place.data, "datahub-census", table=None)

    def is_true(_: bytes) -> None:
        columns = [len(fields) for fields in datahub_recipe.tables(target)]
        if sorted(columns) != sorted(widths(stage.tables)):
            raise BenchmarkFault(f"DataHub found {len(columns)} tables with {sum(columns)} columns")

    ingest = ["-m", "datahub", "ingest", "--config", str(recipe)]
    peers, missing = cases.found(stage, {"datahub": lambda: cases.case(stage, "datahub", source, ingest, is_true)})
    own = ours.census(stage, OURS, source, stage.tables, [])
    measured = measure([own, *peers.values()], stage.repeat, stage.tell)
    label = PEERS["datahub"].label
    goals = [ratio(f"{OURS} / {label}", measured, OURS, label, 1 / 8)] if peers else []
    return Outcome(f"census of {stage.tables} tables, {sum(widths(stage.tables))} columns", measured, goals, missing)
