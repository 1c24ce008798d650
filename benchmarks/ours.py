"""Our own command line as cases to measure; each answer is compared with what is known of the data."""

import json
import re
from collections.abc import Callable

from benchmarks.data.estate import widths
from benchmarks.data.rules import wrong
from benchmarks.measuring import BenchmarkFault, Case, python
from benchmarks.stage import Source, Stage

Check = Callable[[bytes], None]


def touch(stage: Stage, name: str, source: Source) -> Case:
    """Looking at every value of the PostgreSQL table once: the limit that readings are held against."""
    command = python("-m", "benchmarks.programs.touch_postgresql")
    return Case(name, command, source.servers, source.secrets, prints(stage.rows))


def profile(stage: Stage, name: str, source: Source, plan: str = "auto") -> Case:
    command = python("-m", "scanner", "profile", source.url, "--table", source.table, "--plan", plan)
    return Case(name, command, source.servers, source.secrets, profile_is_true(stage))


def rules(stage: Stage, name: str, source: Source, plan: str = "auto") -> Case:
    command = python(
        "-m", "scanner", "check", source.url, "--table", source.table, "--plan", plan, "--rules", stage.rules
    )
    return Case(name, command, source.servers, source.secrets, rules_are_true(stage), exit_codes=(1,))


def profile_and_rules(stage: Stage, name: str, source: Source) -> Case:
    """Both in one reading, as a scan of the platform does."""
    command = python("-m", "benchmarks.programs.one_reading", source.url, source.table, stage.rules)

    def check(output: bytes) -> None:
        rules_are_true(stage)(output)
        profile_is_true(stage)(output)

    return Case(name, command, source.servers, source.secrets, check)


def census(stage: Stage, name: str, source: Source, tables: int, statements: list[int]) -> Case:
    """The number of statements that the source was sent is added to `statements`."""

    def check(output: bytes) -> None:
        answer = json.loads(output)
        found = [len(table["columns"]) for table in answer["tables"]]
        if found != widths(tables):
            raise BenchmarkFault(
                f"{name}: {len(found)} tables with {sum(found)} columns; {sum(widths(tables))} were made"
            )
        statements.append(answer["statements"])

    return Case(name, python("-m", "scanner", "snapshot", source.url), source.servers, source.secrets, check)


def rules_are_true(stage: Stage) -> Check:
    def check(output: bytes) -> None:
        faults = wrong(stage.truth["rules"], output)
        if faults:
            raise BenchmarkFault("wrong counts: " + "; ".join(faults))

    return check


def profile_is_true(stage: Stage) -> Check:
    """Rows, nulls, distinct values and the counts of the most frequent ones of every column, exactly."""

    def check(output: bytes) -> None:
        for column in json.loads(output)["columns"]:
            known = stage.truth["columns"][column["name"]] | {"rows": stage.rows, "exact": True}
            found = {what: column[what] for what in known} | {"top": [count for _, count in column["top"]]}
            if found != known:
                raise BenchmarkFault(f"wrong profile of {column['name']}: {found}, planted {known}")

    return check


def prints(*numbers: int) -> Check:
    """The program prints exactly these numbers first."""

    def check(output: bytes) -> None:
        found = [int(number) for number in re.findall(rb"\d+", output)][: len(numbers)]
        if found != list(numbers):
            raise BenchmarkFault(f"printed {found} instead of {list(numbers)}")

    return check


def start() -> Case:
    """A reading that reads nothing."""
    return Case("start-up", python("-m", "benchmarks.programs.start"))
