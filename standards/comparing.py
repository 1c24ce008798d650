"""What differs between two editions: attribute by attribute, code by code. Computed, never stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.texts import Text
from standards.models import Code, CodeSetEdition, Edition
from standards.services.elements import EDITION_FIELDS

WORDS = {"added": _("新增"), "removed": _("删除"), "changed": _("变更"), "same": _("未变")}
TONES = {"added": "good", "removed": "bad", "changed": "caution", "same": ""}


@dataclass(frozen=True)
class Difference:
    """One row of a comparison; ``old`` and ``new`` as people read them, "" for nothing."""

    key: str
    label: Text
    old: str
    new: str

    @property
    def kind(self) -> str:
        if self.old == self.new:
            return "same"
        return "added" if not self.old else "removed" if not self.new else "changed"

    @property
    def word(self) -> Text:
        return WORDS[self.kind]

    @property
    def tone(self) -> str:
        return TONES[self.kind]


def compare_editions(old: Edition | None, new: Edition) -> list[Difference]:
    """Every attribute of GB/T 19488.1 that either edition fills."""
    found = []
    for name in EDITION_FIELDS:
        if name == "change_note":
            continue
        before, after = (_shown(edition, name) if edition else "" for edition in (old, new))
        if before or after:
            found.append(Difference(name, Edition._meta.get_field(name).verbose_name, before, after))  # type: ignore[union-attr]
    return found


def compare_codes(old: CodeSetEdition | None, new: CodeSetEdition) -> list[Difference]:
    """The codes that came, went or changed their meaning, in the order of the newer edition; unchanged ones are left out."""
    before = _by_key(old.codes.all()) if old else {}
    after = _by_key(new.codes.all())
    keys = [*after, *(key for key in before if key not in after)]
    rows = (Difference(key, key, before.get(key, ""), after.get(key, "")) for key in keys)
    return [row for row in rows if row.kind != "same"]


def changed(rows: Sequence[Difference]) -> list[Difference]:
    return [row for row in rows if row.kind != "same"]


def counted(rows: Sequence[Difference]) -> list[tuple[Text, int]]:
    """(word, number) of each kind of change that occurs."""
    counts = [(kind, sum(row.kind == kind for row in rows)) for kind in ("added", "changed", "removed")]
    return [(WORDS[kind], count) for kind, count in counts if count]


def _shown(edition: Edition, name: str) -> str:
    display = getattr(edition, f"get_{name}_display", None)
    value: Any = display() if display else getattr(edition, name)
    return "" if value is None else str(value)


def _by_key(codes: Any) -> dict[str, str]:
    found = {}
    for code in codes:
        assert isinstance(code, Code)
        key = f"{code.code} {code.valid_from}" if code.valid_from else code.code
        facts = (code.name, f"↑{code.parent}" if code.parent else "", f"→{code.valid_to}" if code.valid_to else "")
        found[key] = " ".join(filter(None, facts))
    return found
