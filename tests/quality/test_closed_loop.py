"""The loop of quality: a rule is checked in the one reading, fails, opens a finding, and only a passing re-scan closes it."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from assets.models import TableProfile
from quality.models import CheckResult, Finding, RuleProposal, SourceScore, TableScore
from quality.services.findings import drop_expired_keys
from quality.services.proposals import accept_proposals, reject_proposals
from quality.services.rules import set_enabled, update_rule
from quality.signals import check_failed, finding_closed
from scanner.rules import RULE_KINDS

pytestmark = pytest.mark.django_db

RULES: dict[str, tuple[tuple[str, ...], dict[str, Any], int, int]] = {  # kind: columns, parameters, evaluated, failed
    "not_null": (("name",), {}, 4, 1),
    "unique": (("level",), {}, 4, 2),
    "compound_unique": (("name", "level"), {}, 3, 0),
    "in_set": (("level",), {"values": ["A", "B"]}, 4, 1),
    "matches": (("day",), {"pattern": r"^\d{8}$"}, 4, 1),
    "length_between": (("day",), {"min": 8, "max": 8}, 4, 1),
    "between": (("fee",), {"min": 0}, 4, 1),
    "date_format": (("day",), {"format": "YYYYMMDD"}, 4, 2),
    "checksum": (("sfzh",), {"scheme": "citizen_id"}, 3, 1),
    "reference": (("level",), {"table": "dept", "columns": ["code"]}, 4, 1),
    "row_count": ((), {"min": 5}, 4, 1),
    "freshness": (("seen",), {"max_age": "P1D"}, 4, 1),
}


def test_every_kind_of_rule_is_checked_in_the_reading_of_the_profile(staff: SimpleNamespace) -> None:
    made = {kind: staff.rule(kind, *columns, **parameters) for kind, (columns, parameters, *_) in RULES.items()}
    staff.source.scan()
    found = {
        kind: (result.evaluated, result.failed, result.error)
        for kind, rule in made.items()
        for result in [CheckResult.objects.get(rule=rule)]
    }
    assert found == {kind: (evaluated, failed, "") for kind, (_, _, evaluated, failed) in RULES.items()}
    assert set(RULES) == set(RULE_KINDS)
    assert TableProfile.objects.filter(table=staff.table).count() == 1
    assert CheckResult.objects.values("run").distinct().count() == 1


def test_a_finding_stays_the_same_until_a_re_scan_passes(staff: SimpleNamespace) -> None:
    rule = staff.rule("in_set", "level", values=["A", "B"])
    heard: list[str] = []
    opened = lambda finding, **_: heard.append(f"open {finding.failed}")  # noqa: E731
    closed = lambda finding, **_: heard.append("closed")  # noqa: E731
    check_failed.connect(opened)
    finding_closed.connect(closed)
    staff.source.scan()
    finding = Finding.objects.get()
    assert (finding.rule, finding.state, finding.failed, finding.checks) == (rule, "open", 1, 1)
    assert (finding.key_columns, finding.keys, finding.examples) == (["id"], [[4]], ["Z"])
    staff.source.run("INSERT INTO staff VALUES (5, '孙', NULL, 'Y', '20240101', 1, '2024-01-01')")
    staff.source.scan()
    finding = Finding.objects.get()
    assert (finding.failed, finding.failed_at_first, finding.checks) == (2, 1, 2)
    staff.source.run("UPDATE staff SET level = 'A' WHERE id >= 4")
    staff.source.scan()
    finding = Finding.objects.get()
    assert (finding.state, finding.keys, finding.closed_at is not None) == ("closed", [], True)
    assert heard == ["open 1", "closed"]
    staff.source.run("UPDATE staff SET level = 'Q' WHERE id = 1")
    staff.source.scan()
    assert sorted(Finding.objects.values_list("state", flat=True)) == ["closed", "open"]
    assert CheckResult.objects.filter(rule=rule, current=True).count() == 1
    assert CheckResult.objects.filter(rule=rule).count() == 4


def test_an_emptied_table_does_not_close_a_finding(staff: SimpleNamespace) -> None:
    staff.rule("in_set", "level", values=["A", "B"])
    staff.source.scan()
    staff.source.run("DELETE FROM staff")
    staff.source.scan()
    assert Finding.objects.get().state == "open"


def test_a_rule_that_cannot_be_run_fails_aloud_and_says_nothing_of_the_rows(staff: SimpleNamespace) -> None:
    rule = staff.rule("reference", "level", table="dept", columns=["code"])
    staff.source.scan()
    staff.source.run("DROP TABLE dept")
    staff.source.scan()
    result = CheckResult.objects.get(rule=rule, current=True)
    assert (result.passed, result.score) == (False, Decimal(0))
    assert "dept" in result.error
    assert Finding.objects.get().state == "open"


def test_personal_values_of_failing_rows_are_masked(staff: SimpleNamespace) -> None:
    staff.rule("checksum", "sfzh", scheme="citizen_id")
    staff.source.scan()
    stored = f"{Finding.objects.get().examples} {CheckResult.objects.get().examples}"
    assert "110105194912310021" not in stored
    assert Finding.objects.get().examples == ["110*************21"]


def test_the_score_shows_its_arithmetic(staff: SimpleNamespace) -> None:
    staff.rule("not_null", "name")  # 75
    staff.rule("between", "fee", min=0)  # 75
    staff.rule("checksum", "sfzh", scheme="citizen_id")  # 66.67
    staff.source.scan()
    score = TableScore.objects.get(table=staff.table)
    assert [(item["dimension"], item["score"]) for item in score.dimensions] == [("02", "75.00"), ("03", "70.83")]
    assert score.score == Decimal("72.92")
    staff.table.refresh_from_db()
    assert staff.table.score == score.score
    assert SourceScore.objects.get().score == score.score


def test_changing_what_a_rule_asks_withdraws_its_finding(staff: SimpleNamespace) -> None:
    rule = staff.rule("in_set", "level", values=["A", "B"])
    staff.source.scan()
    update_rule(actor=staff.steward, rule=rule, name="级别代码")
    assert Finding.objects.get().state == "open"
    update_rule(actor=staff.steward, rule=rule, parameters={"values": ["A", "B", "Z"]})
    assert Finding.objects.get().state == "withdrawn"


def test_a_disabled_rule_is_not_checked(staff: SimpleNamespace) -> None:
    rule = staff.rule("in_set", "level", values=["A"])
    assert set_enabled(actor=staff.steward, rules=[rule], enabled=False) == 1
    staff.source.scan()
    assert not CheckResult.objects.exists()


def test_keys_of_failing_rows_expire(staff: SimpleNamespace) -> None:
    staff.rule("in_set", "level", values=["A", "B"])
    staff.source.scan()
    assert drop_expired_keys() == 0
    Finding.objects.update(keys_expire_at="2020-01-01T00:00:00Z")
    assert drop_expired_keys() == 1
    assert Finding.objects.get().keys == []


def test_any_scan_forgets_keys_past_their_time(staff: SimpleNamespace) -> None:
    rule = staff.rule("in_set", "level", values=["A", "B"])
    staff.source.scan()
    set_enabled(actor=staff.steward, rules=[rule], enabled=False)
    Finding.objects.update(keys=[[4]], keys_expire_at="2020-01-01T00:00:00Z")
    staff.source.scan()
    assert Finding.objects.get().keys == []


def test_proposals_become_rules_or_are_ignored_for_good(staff: SimpleNamespace) -> None:
    rows = ",".join(f"({n}, '人{n}', '11010519491231002X', 'A', '20240131', 5, '2024-01-31')" for n in range(100, 160))
    staff.source.run(f"INSERT INTO staff VALUES {rows}")
    staff.source.scan()
    proposals = {(p.column.name, p.kind): p for p in RuleProposal.objects.filter(state="open")}
    assert ("sfzh", "checksum") in proposals
    assert ("day", "date_format") in proposals
    (rule,) = accept_proposals(actor=staff.steward, proposals=[proposals["sfzh", "checksum"]])
    assert (rule.kind, rule.parameters, rule.origin, rule.column_names) == (
        "checksum", {"scheme": "citizen_id"}, "proposal", ("sfzh",),
    )  # fmt: skip
    assert reject_proposals(actor=staff.steward, proposals=[proposals["day", "date_format"]]) == 1
    staff.source.scan()
    states = {(p.column.name, p.kind): p.state for p in RuleProposal.objects.all()}
    assert states["sfzh", "checksum"] == "accepted"
    assert states["day", "date_format"] == "rejected"
    assert CheckResult.objects.get(rule=rule).failed == 1
    assert accept_proposals(actor=staff.steward, proposals=list(RuleProposal.objects.exclude(state="open"))) == []
