"""`ELEMENTS.csv`: a warm matcher is asked about 400 new columns one by one, half of them with values. Prints the slowest in ms."""

import sys
import time
from pathlib import Path

from benchmarks.programs.make_columns import OBJECTS, PROPERTIES, ROLES
from genes.engine import rank, values
from genes.engine.evidence import Column
from genes.engine.lexicon import Lexicon, read_elements
from genes.engine.match import Matcher
from standards import seeds

SAMPLES = {"rows": 1_000, "nulls": 0, "distinct": 500, "top": [[f"138{number * 7919:08d}", 2] for number in range(500)]}


def main(elements: Path) -> None:
    lexicon = Lexicon.of(read_elements(elements, seeds.synonyms()))
    matcher = Matcher(lexicon, rank.load()["weights"], dict(seeds.code_sets()))
    matcher.match([Column("warm", comment="预热")])
    taken = [_ask(matcher, number) for number in range(400)]
    print(f"{max(taken) * 1000:.1f}")


def _ask(matcher: Matcher, number: int) -> float:
    """Processor seconds: those of a quiet machine."""
    comment = ROLES[number % len(ROLES)] + OBJECTS[number * 7 % len(OBJECTS)] + PROPERTIES[number * 3 % len(PROPERTIES)]
    column = Column(f"col_{number}", "varchar(40)", comment if number % 4 else "", f"t_{number}")
    started = time.process_time()
    facts = values.facts(SAMPLES if number % 2 else None, matcher.book)
    matcher.match([column], [facts])
    return time.process_time() - started


if __name__ == "__main__":
    main(Path(sys.argv[1]))
