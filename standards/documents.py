"""What the search index knows of standards: elements, code sets, texts."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.search import Document, Kind, register_kind
from standards.models import CodeSet, DataElement, StandardText


def of(obj: Any) -> Document:
    """The document of an element (with its names), a code set or a text. Everybody may find them."""
    if isinstance(obj, DataElement):
        names = tuple(name.text for name in list(obj.names.all())[:60])
        return Document(
            key=f"standards.DataElement:{obj.pk}", kind="element", title=obj.name, url=obj.get_absolute_url(),
            subtitle=f"{obj.code} · {obj.get_domain_display()}", codes=(obj.code,), names=names,
        )  # fmt: skip
    if isinstance(obj, CodeSet):
        return Document(
            key=f"standards.CodeSet:{obj.pk}", kind="code_set", title=obj.name, url=obj.get_absolute_url(),
            subtitle=obj.reference, codes=(obj.reference,), text=obj.description,
        )  # fmt: skip
    return Document(
        key=f"standards.StandardText:{obj.pk}", kind="standard_text", title=obj.title, url=obj.get_absolute_url(),
        subtitle=obj.number, codes=(obj.number,),
    )  # fmt: skip


def _elements() -> Iterator[Document]:
    yield from (
        of(element)
        for element in DataElement.objects.prefetch_related("names").order_by("pk").iterator(chunk_size=1_000)
    )


def _code_sets() -> Iterator[Document]:
    yield from (of(item) for item in CodeSet.objects.order_by("pk").iterator(chunk_size=1_000))


def _texts() -> Iterator[Document]:
    yield from (of(item) for item in StandardText.objects.order_by("pk").iterator(chunk_size=1_000))


def register() -> None:
    register_kind(Kind("element", _("数据元"), _elements, order=30, icon="ruler"))
    register_kind(Kind("code_set", _("代码集"), _code_sets, order=32, icon="list"))
    register_kind(Kind("standard_text", _("标准文本"), _texts, order=34, icon="file-text"))
