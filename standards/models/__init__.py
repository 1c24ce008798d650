"""Standards: texts, code sets, data elements, and what is said about them."""

from standards.models.codes import Code, CodeMapping, CodeSet, CodeSetEdition
from standards.models.elements import DataElement, Edition, ElementName
from standards.models.texts import Citation, Comment, StandardText

__all__ = [
    "Citation", "Code", "CodeMapping", "CodeSet", "CodeSetEdition", "Comment", "DataElement", "Edition", "ElementName",
    "StandardText",
]  # fmt: skip
