"""The benchmarks there are: name → module with `run(stage) -> Outcome`."""

from collections.abc import Callable
from importlib import import_module

from benchmarks.report import Outcome
from benchmarks.stage import Stage

OURS = {
    "census": "benchmarks.census",
    "profile-postgresql": "benchmarks.profile_postgresql",
    "profile-mariadb": "benchmarks.profile_mariadb",
    "profile-parquet": "benchmarks.profile_parquet",
    "rules-postgresql": "benchmarks.rules_postgresql",
    "rules-parquet": "benchmarks.rules_parquet",
    "one-reading": "benchmarks.one_reading",
}
PEERS = {  # programs of others that do the same work
    "peers-census": "benchmarks.peers.census",
    "peers-profile": "benchmarks.peers.profile",
    "peers-rules": "benchmarks.peers.rules",
}
LONG = {  # an hour, ten minutes, two: only by name
    "scale": "benchmarks.scale",
    "matching": "benchmarks.matching",
    "suggesting": "benchmarks.suggesting",
}
ALL = OURS | PEERS | LONG


def find(name: str) -> Callable[[Stage], Outcome]:
    run: Callable[[Stage], Outcome] = import_module(ALL[name]).run
    return run
