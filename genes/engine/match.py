"""Columns → ranked elements with confidence and reasons. Names propose, values confirm or veto, NONE is an answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from genes.engine import rank, values
from genes.engine.evidence import NONE, Column, Evidence, Features, Reader, merge, of_type
from genes.engine.lexicon import Lexicon
from genes.engine.names import shared_prefixes
from genes.engine.text import HAN, heads

BATCH = 50_000  # columns whose texts are looked up together
VALUES_ONLY = -2.0  # log-odds of an element that only the values speak for


@dataclass(frozen=True)
class Candidate:
    """An element with its chance, 0…1; element "NONE" means that no element fits."""

    element: str
    confidence: float
    reasons: Mapping[str, float] = field(default_factory=dict)  # reason → its share of the score, in log-odds


def zone_of(ranked: Sequence[Candidate]) -> Literal["auto", "suggested", "none"]:
    """The zone of what was answered first (`rank.zone_of`)."""
    return rank.zone_of(ranked[0].element, ranked[0].confidence, len(ranked) == 1)


@dataclass
class Matcher:
    """A catalogue made ready: its lexicon, the weights of the reasons, and the code sets that values are held against."""

    lexicon: Lexicon
    weights: Mapping[str, float]
    code_sets: Mapping[str, Any] = field(default_factory=dict)  # reference → (title, names: code → name)
    calibration: Mapping[str, Sequence[float]] = field(default_factory=lambda: rank.load()["calibration"])

    @cached_property
    def reader(self) -> Reader:
        return Reader(self.lexicon)

    @cached_property
    def book(self) -> values.CodeBook:
        return values.CodeBook(self.code_sets)

    @cached_property
    def provers(self) -> Mapping[str, tuple[int, ...]]:
        """Identifier, or reference of a code set → the elements that it proves."""
        found: dict[str, list[int]] = {}
        for number, element in enumerate(self.lexicon.elements):
            test = values.test_of(element)
            reference = self.book.set_of(element) if element.form != "text" and not test else ""
            for key in filter(None, (test, reference)):
                found.setdefault(key, []).append(number)
        return {key: tuple(self._named_after_it(numbers)) for key, numbers in found.items()}

    def _named_after_it(self, numbers: Sequence[int]) -> Sequence[int]:
        """Of several elements of one set those that bear its name: region codes are a 行政区划代码 before they are a 籍贯."""
        elements = self.lexicon.elements
        return [number for number in numbers if elements[number].values in elements[number].name] or numbers

    def match(
        self, columns: Sequence[Column], facts: Sequence[values.Facts] | None = None, top: int = 3
    ) -> list[list[Candidate]]:
        """The `top` likeliest answers of each column, NONE among them, best first. Same input, same output."""
        return list(self.answers(columns, facts, top))

    def answers(
        self, columns: Sequence[Column], facts: Sequence[values.Facts] | None = None, top: int = 3
    ) -> Iterator[list[Candidate]]:
        """As `match`, one after the other, so that the answers of a million columns need not be held at once."""
        columns = without_prefixes(columns)
        for start in range(0, len(columns), BATCH):
            batch = columns[start : start + BATCH]
            self.reader.prepare(batch)
            seen: dict[Column, list[Candidate]] = {}
            for place, column in enumerate(batch, start):
                known = facts[place] if facts else values.Facts()
                answer = None if known.trust else seen.get(column)
                if answer is None:
                    answer = self._one(column, known, top)
                    if not known.trust:
                        seen[column] = answer
                yield answer
            self.reader.forget(2 * BATCH)

    def _one(self, column: Column, facts: values.Facts, top: int) -> list[Candidate]:
        evidence = candidates(column, self.reader)
        shown = {number: self._reasons(features) for number, features in evidence.items()}
        named = max(shown, key=lambda number: (sum(shown[number].values()), -number))
        if facts.trust:
            for key in (*values.proven(facts), *values.sets_proven(facts)):
                for number in self.provers.get(key, ()) if facts.words < 0.5 or not self._holds_codes(key) else ():
                    shown.setdefault(number, {"values_only": VALUES_ONLY})
            for number in shown:
                if number != NONE:
                    shown[number].update(values.weigh(self.lexicon.elements[number], facts, self.book))
        numbers = list(shown)
        shares = rank.softmax([sum(shown[number].values()) for number in numbers])
        order = sorted(range(len(numbers)), key=lambda place: (-shares[place], numbers[place]))[:top]
        # What the name says and the values veto is shown all the same, with what speaks against it.
        if named != NONE and numbers.index(named) not in order:
            order[-1] = numbers.index(named)
        ids = ["NONE" if numbers[place] == NONE else self.lexicon.elements[numbers[place]].id for place in order]
        kind = rank.kind_of("bias_only" in evidence[NONE], ids[0], len(numbers))
        chances = self._chances(shares.tolist(), [numbers[place] for place in order], numbers, kind)
        return [
            Candidate(name, chance, shown[numbers[place]])
            for name, chance, place in zip(ids, chances, order, strict=True)
        ]

    def _chances(
        self, shares: Sequence[float], ranked: Sequence[int], numbers: Sequence[int], kind: str
    ) -> list[float]:
        """Calibrated. Elements of one name are judged as one and share its chance: that it is a name says not whose."""
        share = dict(zip(numbers, shares, strict=True))
        same = [number for number in numbers if number in self.namesakes.get(ranked[0], {ranked[0]})]
        first = sum(share[number] for number in same)
        told = rank.calibrated(first, self.calibration.get(kind))
        # What the best answer gains or loses is taken from or given to the rest, which never overtakes it.
        gain, rest = told / first, (1 - told) / (1 - first) if first < 1 else 0.0
        best = share[ranked[0]] * gain
        return [
            best if number == ranked[0] else min(best, share[number] * (gain if number in same else rest))
            for number in ranked
        ]

    def _holds_codes(self, reference: str) -> bool:
        """Whether the elements of a set are of its codes, so that its names prove none of them (names of regions are anywhere)."""
        return any(
            self.lexicon.elements[number].name.endswith(values.CODED) for number in self.provers.get(reference, ())
        )

    @cached_property
    def namesakes(self) -> Mapping[int, frozenset[int]]:
        """Element → all elements of its name, where there are several."""
        found: dict[str, set[int]] = {}
        for number, element in enumerate(self.lexicon.elements):
            found.setdefault(element.name, set()).add(number)
        return {number: frozenset(same) for same in found.values() if len(same) > 1 for number in same}

    def _reasons(self, features: Features) -> dict[str, float]:
        return {name: round(self.weights.get(name, 0.0) * value, 4) for name, value in features.items()}


def without_prefixes(columns: Sequence[Column]) -> list[Column]:
    prefixes = shared_prefixes((column.table, column.name) for column in columns)
    found = []
    for column in columns:
        start = prefixes.get(column.table)
        shared = start is not None and column.name.lower().startswith(start) and len(column.name) > len(start)
        found.append(replace(column, name=column.name[len(start or "") :]) if shared else column)
    return found


def candidates(column: Column, reader: Reader) -> Evidence:
    """Features of every element that anything speaks for, and of NONE. Names of columns without a comment weigh on their own."""
    speaking = HAN.search(column.comment) is not None
    comment = column.comment if heads(column.comment) else (column.name if HAN.search(column.name) else "")
    told, named = reader.of_comment(comment), reader.of_name(column.name)
    if column.comment and not speaking and "name_nothing" in named[NONE]:  # "TEL", "user name": a name in another place
        named = reader.of_name(column.comment)
    alone = not speaking and not HAN.search(column.name)
    if alone:
        named = {
            number: {f"only_{name}": value for name, value in features.items()} for number, features in named.items()
        }
    whole = merge([told, named, reader.of_table(column)])
    for number, features in of_type(column, reader.lexicon, [number for number in whole if number != NONE]).items():
        whole[number].update(features)
    whole[NONE]["bias_only" if alone else "bias"] = 1.0
    if column.comment and not speaking:
        whole[NONE]["foreign_comment"] = 1.0
    return whole
