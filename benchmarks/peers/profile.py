"""A full profile of a table in PostgreSQL, by us and by DataHub (its SQLAlchemy profiler, quantiles, histograms and frequencies on)."""

import json

from benchmarks import ours
from benchmarks.measuring import BenchmarkFault, measure
from benchmarks.peers import cases, datahub_recipe
from benchmarks.peers.environments import PEERS
from benchmarks.report import Outcome, ratio
from benchmarks.stage import Stage

PULLED, PUSHED = "ours, pulled", "ours, pushed"


def run(stage: Stage) -> Outcome:
    source = stage.postgresql()
    recipe, target = datahub_recipe.write(stage.place.data, "datahub-profile", table=source.table)

    def is_true(_: bytes) -> None:
        """Rows, nulls and distinct values of each column; its distinct counts are exact on PostgreSQL."""
        (aspect,) = datahub_recipe.profiles(target)
        found = {
            field["fieldPath"]: {"nulls": field["nullCount"], "distinct": field["uniqueCount"]}
            for field in aspect["fieldProfiles"]
        }
        known = {
            name: {what: told[what] for what in ("nulls", "distinct")} for name, told in stage.truth["columns"].items()
        }
        if aspect["rowCount"] != stage.rows or found != known:
            raise BenchmarkFault(f"DataHub's profile is not the truth: {json.dumps(found)}")

    ingest = ["-m", "datahub", "ingest", "--config", str(recipe)]
    peers, missing = cases.found(stage, {"datahub": lambda: cases.case(stage, "datahub", source, ingest, is_true)})
    own = [ours.profile(stage, PULLED, source, "pull"), ours.profile(stage, PUSHED, source, "push")]
    measured = measure([*own, *peers.values()], stage.repeat, stage.tell)
    label = PEERS["datahub"].label
    goals = [
        ratio(f"{PULLED} / {label}", measured, PULLED, label, 1 / 6),
        ratio(f"{PUSHED} / {label}", measured, PUSHED, label),
    ]
    return Outcome(f"full profile of {stage.rows} x 15 in PostgreSQL", measured, goals if peers else (), missing)
