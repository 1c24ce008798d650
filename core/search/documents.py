"""Writing the index: documents in, rows of ``SearchDocument`` out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core import clock
from core.models import SearchDocument
from core.search.terms import name_terms, spoken, text_terms, whole
from core.texts import BETWEEN, Text, clean

BATCH = 1000
MOST_TERMS = 400  # of running text; a comment is found by its beginning


@dataclass(frozen=True, slots=True)
class Document:
    """One thing to be found.

    ``titles`` are the wordings of a title that the platform made (``core.texts.in_every_language``): each finds it, and the
    reader sees the one of his language.
    ``names`` are further names of equal rank (the table's physical name beside its Chinese title), ``codes`` its codes,
    ``text`` running text that may find it too. ``scope_id`` is the agency that may see it, None everybody.
    The subtitle finds it as well, unless ``shared`` says that very many things have the same.
    """

    key: str
    kind: str
    title: str
    url: str
    subtitle: str = ""
    scope_id: UUID | None = None
    names: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    text: str = ""
    shared: bool = False
    titles: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document: its heading, the verb that shows it, and where all its documents come from.

    ``mark`` stands before every term of the kind in the index, so that each kind is looked up by itself and a hundred
    tables do not drown in a million columns. A kind of many documents has a mark of one letter.
    """

    kind: str
    label: Text
    documents: Callable[[], Iterable[Document]]
    order: int = 100
    icon: str = ""
    verb: str = "data.view"
    mark: str = ""

    @property
    def prefix(self) -> str:
        return f"{self.mark or self.kind}/"


_kinds: dict[str, Kind] = {}


def register_kind(kind: Kind) -> None:
    """Raises ValueError when the kind or its mark is taken."""
    if any(known.prefix == kind.prefix for known in _kinds.values()) or kind.kind in _kinds:
        raise ValueError(f"search kind {kind.kind!r} is registered twice, or its mark is")
    _kinds[kind.kind] = kind


def kinds() -> list[Kind]:
    """The kinds in the order of their headings."""
    return sorted(_kinds.values(), key=lambda kind: (kind.order, kind.kind))


def index(documents: Iterable[Document]) -> int:
    """Add or replace documents, in batches; the number written. The last of two with one key counts."""
    written = 0
    for batch in _batches(documents):
        now = clock.now()
        rows = [row_of(document, now) for document in {document.key: document for document in batch}.values()]
        SearchDocument.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=["kind", "title", "subtitle", "url", "scope_id", "terms", "updated_at"],
        )
        written += len(rows)
    return written


def remove(keys: Iterable[str]) -> int:
    """Take documents out; the number that was there."""
    return SearchDocument.objects.filter(key__in=list(keys)).delete()[0]


def rebuild() -> dict[str, int]:
    """Index every registered kind anew and drop what no source gives any more; documents by kind.

    Readers see the old index until the new one is complete.
    """
    with transaction.atomic():
        began = clock.now()
        written = {kind.kind: index(kind.documents()) for kind in kinds()}
        SearchDocument.objects.filter(kind__in=written, updated_at__lt=began).delete()
    return written


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    for document in documents:
        batch.append(document)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def row_of(document: Document, now: datetime) -> SearchDocument:
    """The row that finds ``document``, not yet written."""
    titles = document.titles or document.title.replace(BETWEEN, " ")
    names = [clean(name) for name in (*titles.split(BETWEEN), *document.names) if name]
    return SearchDocument(
        key=document.key,
        kind=document.kind,
        title=clean(titles, 300),
        subtitle=clean(document.subtitle, 300),
        url=document.url,
        scope_id=document.scope_id,
        terms=_vector(names, document),
        updated_at=now,
    )


def _vector(names: list[str], document: Document) -> str:
    """A tsvector literal: names weigh A, codes B, the subtitle and running text D. Terms hold letters and digits only.

    Whole names stand there too, behind "=": for "exactly so named" and "beginning so".
    """
    weights: dict[str, str] = dict.fromkeys(sorted(text_terms(document.text))[:MOST_TERMS], "D")
    weights.update(dict.fromkeys(() if document.shared else text_terms(document.subtitle), "D"))
    weights.update((term, "B") for code in document.codes for term in text_terms(code))
    weights.update((term, "A") for name in names for term in name_terms(name[:300]))
    weights.update((f"={key}", "A") for name in names for key in (whole(name), *map(whole, spoken(name))) if key)
    found = _kinds.get(document.kind)
    prefix = found.prefix if found else f"{document.kind}/"
    return " ".join(f"'{prefix}{term}':1{weight}" for term, weight in weights.items())
