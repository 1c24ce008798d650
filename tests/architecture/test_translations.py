"""Chinese is the source language; the English catalogue is complete, exact and compiled."""

import ast
import gettext
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from assets.scanner_sentences import SENTENCES
from assets.scanner_texts import TEXTS
from scanner.connectors.registry import KINDS, connector_class
from scanner.rules import RULE_KINDS
from scanner.values.dates import PARTS
from tests.architecture.source import ROOT

PO = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"%\(\w+\)[sdgf]|\{\w*\}|%s")
ALLOWED = {"中文", "A 大写，a 小写，9 数字，汉 汉字"}  # names of itself: a language, a symbol


def entries(path: Path) -> dict[str, list[str]]:
    """msgid → translations, of a catalogue without wrapped lines of its own; obsolete entries are left out."""
    found: dict[str, list[str]] = {}
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        kept = "\n".join(line for line in block.splitlines() if not line.startswith("#"))
        parts = re.split(r"^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) ", kept, flags=re.M)
        fields: dict[str, str] = {}
        for name, value in zip(parts[1::2], parts[2::2], strict=False):
            fields[name] = "".join(
                line.strip()[1:-1] for line in value.strip().splitlines() if line.strip().startswith('"')
            )
        if fields.get("msgid"):
            context = f"{fields['msgctxt']}\x04" if "msgctxt" in fields else ""  # as compiled catalogues key it
            found[context + fields["msgid"]] = [value for name, value in fields.items() if name.startswith("msgstr")]
    return found


def test_every_text_is_translated_and_none_is_guessed() -> None:
    assert "#, fuzzy" not in PO.read_text(encoding="utf-8")
    assert [msgid for msgid, texts in entries(PO).items() if not all(texts)] == []


def test_translations_are_english() -> None:
    left = {msgid: texts for msgid, texts in entries(PO).items() if any(CHINESE.search(text) for text in texts)}
    assert set(left) - ALLOWED == set()


def test_placeholders_are_those_of_the_source() -> None:
    wrong = [
        msgid
        for msgid, texts in entries(PO).items()
        for text in texts
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(msgid))
    ]
    assert wrong == []


def test_the_compiled_catalogue_says_the_same() -> None:
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    sample = {
        msgid: texts[0] for msgid, texts in entries(PO).items() if len(texts) == 1 and "\\" not in msgid + texts[0]
    }
    assert {msgid: compiled.gettext(msgid) for msgid in sample} == sample


def test_texts_of_the_scanner_are_listed_for_translators() -> None:
    shown: set[str] = set()
    for kind in RULE_KINDS.values():
        shown |= {kind.label, kind.help}
        for spec in kind.parameters:
            shown |= {spec.label, spec.help, *(label for _value, label in spec.choices)}
    for name in KINDS:
        connector = connector_class(name)
        shown.add(connector.label)
        for parameter in connector.parameters:
            shown |= {parameter.label, parameter.help, *(label for _value, label in parameter.choices)}
    assert shown - set(TEXTS) - {""} == set()


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="no gettext on this machine: apt install gettext")
def test_no_text_is_missing_from_the_catalogue(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    subprocess.run(["git", "clone", "-q", "--shared", str(ROOT), str(copy)], check=True)
    command = ["makemessages", "-l", "en", "--no-location", "--no-wrap", "-i", "tests", "-i", "demo", "-i", "static"]
    subprocess.run(
        [str(ROOT / ".venv" / "bin" / "python"), "manage.py", *command], cwd=copy, check=True, capture_output=True
    )
    now = entries(copy / "locale" / "en" / "LC_MESSAGES" / "django.po")
    assert set(now) - set(entries(PO)) == set()


MARKED = re.compile(
    r"\{#.*?#\}|\{% blocktranslate.*?\{% endblocktranslate %\}|\{% translate .*?%\}|_\(\"[^\"]*\"\)", re.DOTALL
)
WRITTEN = re.compile(r"[\u3001-\u303f\u4e00-\u9fff\uff00-\uffef]")


def test_templates_write_nothing_past_the_catalogue() -> None:
    """Full-width punctuation included; 中文 names the language itself."""
    bare = {}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        left = MARKED.sub("", path.read_text(encoding="utf-8")).replace("中文", "")
        if found := WRITTEN.findall(left):
            bare[path.name] = found
    assert bare == {}


# Sentences of the scanner ----------------------------------------------------------------------------------------------


def _sentences() -> tuple[set[str], list[str]]:
    """Templates that the scanner says, and places where it raises or reports bare text instead."""
    found: set[str] = set(PARTS.values())
    bare: list[str] = []
    for path in sorted((ROOT / "scanner").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            said = {"said": node.args[:1], "_mismatch": node.args[2:3]}.get(node.func.id, [])
            found |= {text for argument in said for text in _texts(argument)}
            reasons = [keyword.value for keyword in node.keywords if keyword.arg in ("reason", "feature")]
            told = {"RuleError": node.args[2:], "Rejected": node.args, "Mismatch": node.args, "FormatError": node.args}
            for argument in (*told.get(node.func.id, ()), *(reasons if node.func.id == "SourceError" else ())):
                if isinstance(argument, ast.Constant | ast.JoinedStr):
                    bare.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found, bare


def _texts(argument: ast.expr) -> set[str]:
    """The template, or both of ``a if … else b``."""
    branches = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
    return {item.value for item in branches if isinstance(item, ast.Constant)}


def test_every_sentence_of_the_scanner_is_in_the_table() -> None:
    found, bare = _sentences()
    assert found == set(SENTENCES)
    assert bare == []


def test_sentences_name_in_both_languages_what_they_are_about() -> None:
    named = re.compile(r"\{(\w+)(?:!r)?\}")
    wrong = {
        template: str(text)
        for template, text in SENTENCES.items()
        if set(named.findall(str(text))) - set(named.findall(template))
        or (set(named.findall(template)) - set(named.findall(str(text))) and not template.startswith("rule {rule"))
    }
    assert wrong == {}
