"""In what the columns of one family differ from the most of them: written form, length, code set.

Nothing of the values is compared but what a fingerprint holds: classes of characters, lengths, hits in code sets.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from genes.engine.values import TRUSTED_TESTS

Facts = Mapping[str, Any]
Difference = tuple[str, str]  # its own, the usual
MOSTLY = 0.6  # of the rows of a column have the form that it is said to have
IN_SET = 0.9  # of its values lie in a code set


def differences(members: Mapping[Any, Facts]) -> dict[Any, dict[str, Difference]]:
    """{member: {kind: difference}} of those that differ. The usual form is that of more than half of the members that show one."""
    found: dict[Any, dict[str, Difference]] = {}
    for kind, read in (("format", _format), ("length", _length), ("code_set", _code_set)):
        shown = {member: text for member, facts in members.items() if (text := read(facts))}
        usual = _usual(list(shown.values()))
        for member, text in shown.items():
            if usual and text != usual and not (kind == "length" and "format" in found.get(member, {})):
                found.setdefault(member, {})[kind] = (text, usual)
    return found


def _usual(texts: Sequence[str]) -> str:
    """What more than half show; "" when there is no such."""
    if len(texts) < 2:
        return ""
    text, count = Counter(texts).most_common(1)[0]
    return text if count * 2 > len(texts) else ""


def _format(facts: Facts) -> str:
    """A date as it is written, an identifier whose check characters hold, else the pattern of most rows; "" unclear or masked."""
    if facts.get("masked"):
        return ""
    if facts.get("kind") in ("date", "timestamp", "timestamptz"):
        return "date"
    passed = [
        name for name, share in sorted((facts.get("shares") or {}).items()) if name in TRUSTED_TESTS and share >= MOSTLY
    ]
    if passed:
        return str(passed[0])
    detected = facts.get("detected") or {}
    if detected.get("format") and float(detected.get("share") or 0) >= MOSTLY:
        return str(detected["format"])
    patterns = facts.get("patterns") or []
    # A pattern of free text says nothing: only letters and digits of a fixed form are compared.
    if patterns and patterns[0][1] >= MOSTLY and _fixed(facts):
        return str(patterns[0][0])
    return ""


def _fixed(facts: Facts) -> bool:
    length = facts.get("length") or {}
    return bool(length.get("min") is not None and length.get("min") == length.get("max"))


def _length(facts: Facts) -> str:
    return str(facts["length"]["min"]) if _fixed(facts) and not facts.get("masked") else ""


def _code_set(facts: Facts) -> str:
    """The code set that holds nearly all values, the most telling one; "" when none does or several do alike."""
    hits = [
        (float(hit[1]), reference) for reference, hit in (facts.get("codes") or {}).items() if float(hit[0]) >= IN_SET
    ]
    best = sorted(hits, reverse=True)[:2]
    return best[0][1] if best and (len(best) == 1 or best[0][0] > best[1][0]) else ""
