"""`make bench`: measure the scanner on this machine. `python -m benchmarks --help` tells how.

Exit status 0: measured. 1: an answer was wrong or a benchmark could not be run. 2: wrong arguments.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from benchmarks import registry, report
from benchmarks.measuring import BenchmarkFault
from benchmarks.stage import FULL_PROVINCE, FULL_ROWS, FULL_TABLES, Stage
from datagene.embedded.errors import EmbeddedError


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    names = given.names or list(registry.PEERS if given.peers else registry.OURS)
    try:
        with Stage(given.rows, given.tables, given.repeat, _tell, given.province) as stage:
            wrong = [name for name in names if not _run(name, stage)]
            if given.document:
                written = report.document(stage.place.data, list(registry.ALL))
                _tell(f"written into {report.DOCUMENT}: {', '.join(written)}")
    except (BenchmarkFault, EmbeddedError) as error:
        _tell(str(error))
        return 1
    if wrong:
        _tell(f"failed: {', '.join(wrong)}")
    return 1 if wrong else 0


def _run(name: str, stage: Stage) -> bool:
    """Whether the benchmark ran and every answer was right."""
    print(f"\n## {name} (load {os.getloadavg()[0]:.1f})", flush=True)
    try:
        outcome = registry.find(name)(stage)
    except BenchmarkFault as error:
        _tell(f"{name}: {error}")
        return False
    about = report.about(stage.repeat, stage.versions)
    other = os.environ.get("DATAGENE_POSTGRES")
    kept = f"{name} ({stage.versions['PostgreSQL']})" if other and "PostgreSQL" in stage.versions else name
    report.keep(stage.place.data, kept, outcome, full=stage.full, about=about)
    print(f"\n{outcome.title}\n\n{report.shape(outcome, full=stage.full)}", flush=True)
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast the scanner is here.")
    parser.add_argument("names", nargs="*", metavar="name", choices=[*registry.ALL, []], help=", ".join(registry.ALL))
    parser.add_argument("--rows", type=int, default=FULL_ROWS, help="of the population (%(default)s)")
    parser.add_argument("--tables", type=int, default=FULL_TABLES, help="of the census (%(default)s)")
    parser.add_argument("--province", type=int, default=FULL_PROVINCE, help="tables of `scale` (%(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="measured runs of each program, after one that warms up")
    parser.add_argument("--peers", action="store_true", help="the benchmarks against peers (make bench-peers)")
    parser.add_argument("--document", action="store_true", help="write all kept results into docs/benchmarks.md")
    return parser


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
