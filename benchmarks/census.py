"""The census against bare statements to the catalogue, at three sizes."""

from benchmarks import ours
from benchmarks.data.estate import widths
from benchmarks.measuring import BenchmarkFault, Case, measure, python
from benchmarks.report import Goal, Outcome, ratio
from benchmarks.stage import Stage

BARE, ALONE = "bare catalogue statements", "the same, psycopg2 alone"


def run(stage: Stage) -> Outcome:
    few, some, many = sizes = (max(1, stage.tables // 10), stage.tables, stage.tables * 10)
    statements: dict[int, list[int]] = {tables: [] for tables in sizes}
    named = {tables: f"census of {tables} tables" for tables in sizes}
    cases = [ours.census(stage, named[tables], stage.estate(tables), tables, statements[tables]) for tables in sizes]
    source = stage.estate(some)
    bare = python("-m", "benchmarks.programs.bare_catalogue")
    known = ours.prints(some, sum(widths(some)))
    cases.append(Case(BARE, bare, source.servers, source.secrets, known))
    cases.append(Case(ALONE, [*bare, "--alone"], source.servers, source.secrets, known))
    measured = measure(cases, stage.repeat, stage.tell)
    sent = {tables: max(found) for tables, found in statements.items()}
    if len(set(sent.values())) != 1:
        raise BenchmarkFault(f"the number of statements grows with the number of tables: {sent}")
    return Outcome(
        f"census of {few}, {some} and {many} tables ({sum(widths(some))} columns in {some})",
        measured,
        [
            ratio(f"{named[some]} / {BARE}", measured, named[some], BARE, 2),
            ratio(f"{named[some]} / {ALONE}", measured, named[some], ALONE),
            Goal(f"wall seconds of {many} tables", measured[named[many]].least("wall"), 60),
        ],
        [f"Statements sent: {', '.join(f'{count} for {tables} tables' for tables, count in sent.items())}."],
    )
