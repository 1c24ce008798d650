"""The catalogue as the matcher sees it: every name, synonym and abbreviation of every element, indexed once."""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from genes.engine import names
from genes.engine.text import HAN, heads, normal, noun, variant
from standards.notation import NotationError, parse

ABSORBERS = Path(__file__).with_name("data") / "absorbers.csv"


@dataclass(frozen=True)
class Element:
    """One data element: its names in every writing, its form, and where its values are checked."""

    id: str
    name: str
    english: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    abbreviations: tuple[str, ...] = ()
    format: str = ""
    values: str = ""  # code set or checksum as the catalogue writes it
    reference: str = ""
    level: str = ""

    @cached_property
    def form(self) -> str:
        """time, number, code, flag, blob, identifier or text: what kind of column can carry it."""
        written = self.format.lower()
        if "yyyy" in written or written == "dt":
            return "time"
        if "blob" in written:
            return "blob"
        if re.match(r"n[\d.]*,\d", written) or re.search(r"cm|kg|mmhg|℃|m2", written):
            return "number"
        if re.match(r"n\d?(-\d)?$", written) and self.values not in ("-", ""):
            return "code"
        if re.match(r"a(\.\.)?\d$", written) and self.values not in ("-", ""):
            return "code"
        if re.match(r"n\.\.\d+$", written):
            return "number" if self.values in ("-", "") else "code"
        return "identifier" if written.startswith(("an", "n")) else "text"


def _knowing(element: Element, knows: Callable[[str], bool]) -> Element:
    synonyms, english, abbreviations = (
        tuple(filter(knows, texts)) for texts in (element.synonyms, element.english, element.abbreviations)
    )
    return replace(element, synonyms=synonyms, english=english, abbreviations=abbreviations)


@dataclass
class Lexicon:
    """Indexes over a catalogue: Chinese aliases, English aliases, pinyin keys, and TF-IDF rows of the Chinese ones."""

    elements: Sequence[Element]
    index: dict[str, int] = field(default_factory=dict)
    chinese: dict[str, frozenset[int]] = field(default_factory=dict)
    variants: dict[str, frozenset[int]] = field(default_factory=dict)  # Chinese aliases as `text.variant` writes them
    english: dict[str, frozenset[int]] = field(default_factory=dict)
    initials: dict[str, frozenset[int]] = field(default_factory=dict)
    written_initials: dict[str, frozenset[int]] = field(default_factory=dict)
    pinyin: dict[str, frozenset[int]] = field(default_factory=dict)
    absorbers: frozenset[str] = frozenset()
    absorbed_pinyin: frozenset[str] = frozenset()
    english_absorbers: frozenset[str] = frozenset()
    nouns: Sequence[frozenset[str]] = ()  # by element: kinds of things that its names end in

    @classmethod
    def of(cls, elements: Sequence[Element], knows: Callable[[str], bool] = lambda text: True) -> "Lexicon":
        """Of all names of the elements; of those beside its own, and of absorbers, only what it is said to know."""
        elements = [_knowing(each, knows) for each in elements]
        lexicon = cls(elements)
        chinese, english, initials, written, pinyin = (defaultdict(set) for _ in range(5))
        for number, element in enumerate(elements):
            lexicon.index[element.id] = number
            for text in (element.name, *element.synonyms):
                alias = normal(text).replace(" ", "")
                if not HAN.search(alias):
                    english[alias].add(number)
                    if len(alias) < 2:
                        continue
                chinese[alias].add(number)
                for short in heads(text)[:1]:
                    chinese[short].add(number)
                key = names.initials(alias)
                if len(key) >= 2:
                    initials[key].add(number)
                    pinyin[names.pinyin(alias)].add(number)
            for text in element.english:
                english[text.replace("_", " ").replace(" ", "").lower()].add(number)
            for text in (names.initials(element.name), *element.abbreviations):
                if text:
                    written[text.lower()].add(number)
        zh, en = (list(filter(knows, texts)) for texts in _absorbers())
        variants: dict[str, set[int]] = defaultdict(set)
        for alias, numbers in chinese.items():
            if key := variant(alias):
                variants[key] |= numbers
        for key in {variant(text) for text in zh} & variants.keys():
            del variants[key]
        lexicon.variants = _frozen(variants)
        lexicon.chinese, lexicon.english = _frozen(chinese), _frozen(english)
        lexicon.initials, lexicon.written_initials, lexicon.pinyin = (
            _frozen(initials),
            _frozen(written),
            _frozen(pinyin),
        )
        lexicon.nouns = [_nouns(element) for element in elements]
        lexicon.absorbers = frozenset(zh) - chinese.keys()
        lexicon.absorbed_pinyin = frozenset(names.pinyin(text) for text in lexicon.absorbers) - pinyin.keys()
        lexicon.english_absorbers = frozenset(en) - english.keys()
        return lexicon

    @cached_property
    def aliases(self) -> "Near":
        """The Chinese names by their characters."""
        return Near.of(self.chinese, (1, 3))

    @cached_property
    def spellings(self) -> "Near":
        """The English names and full pinyin by their letters: insuranceno is near medicalinsuranceno."""
        whole = {**self.pinyin, **self.english}
        return Near.of({text: owners for text, owners in whole.items() if len(text) > 3}, (2, 4))


@dataclass(frozen=True)
class Near:
    """TF-IDF rows of texts, transposed, and the elements that each belongs to."""

    vectorizer: TfidfVectorizer
    rows: csr_matrix
    owners: np.ndarray

    @classmethod
    def of(cls, texts: Mapping[str, frozenset[int]], sizes: tuple[int, int]) -> "Near":
        vectorizer = TfidfVectorizer(analyzer="char", ngram_range=sizes, dtype=np.float32, sublinear_tf=True)
        known = sorted(texts) or ["……"]  # a catalogue without elements has neighbours of nothing
        rows = vectorizer.fit_transform(known).T.tocsr()
        owners = np.empty(len(known), object)
        owners[:] = [texts.get(text, frozenset()) for text in known]
        return cls(vectorizer, rows, owners)


def _nouns(element: Element) -> frozenset[str]:
    """The kinds that the element's own name or a tenth of its synonyms end in."""
    counted = Counter(noun(heads(text)[0]) for text in (element.name, *element.synonyms) if heads(text))
    own = noun(normal(element.name))
    return frozenset(
        kind for kind, count in counted.items() if kind and (kind == own or count >= 0.1 * counted.total())
    )


def _frozen(found: Mapping[str, set[int]]) -> dict[str, frozenset[int]]:
    return {key: frozenset(numbers) for key, numbers in found.items()}


def _absorbers() -> tuple[list[str], list[str]]:
    with ABSORBERS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chinese, english = (
        [text.strip() for row in rows for text in row[column].split(";") if text.strip()]
        for column in ("chinese", "english")
    )
    return chinese, [text.replace(" ", "") for text in english]


def read_elements(path: Path, synonyms: Mapping[str, Mapping[str, Sequence[str]]] | None = None) -> list[Element]:
    """Elements of a catalogue file (element_id, name_zh, name_en, …); `synonyms` adds to those of the file, by name.

    Raises ValueError naming the line when an id is missing or occurs twice.
    """
    rows = _table(path)
    seen: set[str] = set()
    found = []
    for line, row in enumerate(rows, 2):
        code, name = (row.get("element_id") or "").strip(), (row.get("name_zh") or "").strip()
        if not code or not name:
            raise ValueError(f"{path.name}, line {line}: element_id and name_zh are needed")
        if code == "NONE":
            raise ValueError(
                f"{path.name}, line {line}: NONE is the answer that no element fits, and cannot be one's id"
            )
        if code in seen:
            raise ValueError(f"{path.name}, line {line}: element {code} occurs twice")
        seen.add(code)
        known = (synonyms or {}).get(name, {})
        found.append(
            Element(
                id=code,
                name=name,
                english=_unique([row.get("name_en") or "", *_split(row.get("english")), *known.get("english", ())]),
                synonyms=_unique([*_split(row.get("synonyms")), *known.get("synonyms", ())]),
                abbreviations=_unique(
                    [
                        row.get("pinyin_initials") or "",
                        *_split(row.get("abbreviations")),
                        *known.get("abbreviations", ()),
                    ]
                ),
                format=row.get("format") or "",
                values=row.get("code_set_or_check") or "",
                reference=row.get("reference") or "",
                level=row.get("sensitivity_level") or "",
            )
        )
    return found


def _table(path: Path) -> list[dict[str, str]]:
    """The rows of a catalogue file by the names in its head. Raises ValueError that says why it is none."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            reader = csv.DictReader(file)
            missing = [name for name in ("element_id", "name_zh") if name not in (reader.fieldnames or ())]
            if missing:
                raise ValueError(
                    f"{path.name} has no column {' and none '.join(missing)}: element_id and name_zh are needed"
                )
            return list(reader)
        except UnicodeDecodeError as error:
            raise ValueError(f"{path.name} is not UTF-8 text (save it as UTF-8): {error}") from None
        except csv.Error as error:
            raise ValueError(f"{path.name}: {error}") from None


def odd_elements(elements: Sequence[Element]) -> list[str]:
    """What a catalogue says that a reader should know of: two elements of one name, a format that no notation is."""
    found = []
    first: dict[str, str] = {}
    for element in elements:
        if element.name in first:
            found.append(
                f"{element.id} has the name of {first[element.name]}, {element.name}: only values or words beside it part them"
            )
        first.setdefault(element.name, element.id)
        try:
            if element.format.strip(" -"):
                parse(element.format)
        except NotationError as error:
            found.append(f"{element.id} {element.name}: format {element.format!r} does not parse: {error}")
    return found


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in re.split("[;；]", text or "") if part.strip()]


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))
