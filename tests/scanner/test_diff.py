"""A failed read is not a deletion; a rename is not a loss; a landslide is not believed."""

from dataclasses import replace

import pytest

from scanner.diff import Change, ChangeKind, compare, names_table
from scanner.model import Column, ForeignKey, Snapshot, Table, Unreadable, ValueClass


def column(name: str, position: int = 1, **facts: object) -> Column:
    return replace(Column(name, position, "text", ValueClass.TEXT), **facts)


def table(name: str, *columns: Column, **facts: object) -> Table:
    return replace(Table("s", name, columns=columns or (column("a"), column("b", 2))), **facts)


def snapshot(*tables: Table, unreadable: tuple[Unreadable, ...] = ()) -> Snapshot:
    return Snapshot("postgresql", tables, unreadable)


def changes(before: list[Table], after: Snapshot) -> list[Change]:
    return list(compare(before, after).changes)


def test_nothing_changed() -> None:
    grown = table("t", row_estimate=5, bytes=9)
    assert changes([table("t", row_estimate=4, bytes=8)], snapshot(grown)) == []


def test_created_and_gone() -> None:
    found = changes([table("old", column("x"))], snapshot(table("new", column("y"))))
    assert found == [Change(ChangeKind.CREATED, "s", "new"), Change(ChangeKind.GONE, "s", "old")]


def test_facts_of_a_table_with_before_and_after() -> None:
    key = ForeignKey(("a",), "s", "x", ("id",))
    (found,) = changes([table("t")], snapshot(table("t", comment="新", primary_key=("a",), foreign_keys=(key,))))
    assert found == Change(
        ChangeKind.CHANGED, "s", "t", None, {"comment": ("", "新"), "primary_key": ((), ("a",)), "foreign_keys": ((), (key,))}
    )  # fmt: skip


def test_facts_of_a_column_with_before_and_after() -> None:
    after = table("t", column("a", type="int", nullable=False, default="1", comment="新"), column("b", 2))
    (found,) = changes([table("t")], snapshot(after))
    assert found == Change(
        ChangeKind.CHANGED, "s", "t", "a",
        {"type": ("text", "int"), "nullable": (True, False), "default": (None, "1"), "comment": ("", "新")},
    )  # fmt: skip


def test_a_dropped_column_does_not_change_those_behind_it() -> None:
    before = table("t", column("a"), column("b", 2), column("c", 3))
    after = table("t", column("a"), column("c", 2), column("d", 3, type="int"))
    assert changes([before], snapshot(after)) == [
        Change(ChangeKind.CREATED, "s", "t", "d"), Change(ChangeKind.GONE, "s", "t", "b"),
    ]  # fmt: skip


def test_a_renamed_column() -> None:
    found = changes([table("t")], snapshot(table("t", column("a"), column("c", 2))))
    assert found == [Change(ChangeKind.RENAMED, "s", "t", "c", {"name": ("b", "c")})]


def test_a_renamed_table_is_told_by_its_structure() -> None:
    diff = compare([table("old")], snapshot(table("new", comment="新")))
    assert diff.changes == (
        Change(ChangeKind.RENAMED, "s", "new", None, {"name": ("s.old", "s.new")}),
        Change(ChangeKind.CHANGED, "s", "new", None, {"comment": ("", "新")}),
    )
    assert diff.tables(ChangeKind.RENAMED) == (("s", "new"),)


def test_two_that_look_alike_are_not_guessed() -> None:
    diff = compare([table("old")], snapshot(table("new"), table("newer")))
    assert diff.tables(ChangeKind.GONE) == (("s", "old"),)
    assert diff.tables(ChangeKind.CREATED) == (("s", "new"), ("s", "newer"))


def test_one_column_is_no_structure_to_know_a_table_by() -> None:
    diff = compare([table("old", column("id"))], snapshot(table("new", column("id"))))
    assert diff.tables(ChangeKind.RENAMED) == ()


@pytest.mark.parametrize("by_catalogue", [True, False])
def test_unreadable_is_not_gone(by_catalogue: bool) -> None:
    reason = Unreadable("s.t", "the account may not read it")
    diff = compare(
        [table("t")], snapshot(unreadable=(reason,) if by_catalogue else ()), () if by_catalogue else (reason,)
    )
    assert diff.changes == (Change(ChangeKind.UNREADABLE, "s", "t", reason=reason),)


def test_an_unreadable_column_is_not_gone() -> None:
    reason = Unreadable("s.t.b", "the account may not read it")
    diff = compare([table("t")], snapshot(table("t", column("a")), unreadable=(reason,)))
    assert diff.changes == (Change(ChangeKind.UNREADABLE, "s", "t", "b", reason=reason),)


def test_an_unreadable_table_is_not_the_new_name_of_another() -> None:
    reason = Unreadable("s.t", "locked")
    diff = compare([table("t")], snapshot(table("u"), unreadable=(reason,)))
    assert [change.kind for change in diff.changes] == [ChangeKind.UNREADABLE, ChangeKind.CREATED]


@pytest.mark.parametrize(
    ("known", "gone", "held"),
    [(3, 3, False), (4, 4, True), (20, 4, False), (19, 4, True), (100, 20, False), (100, 21, True)],
)
def test_the_brake_of_a_mass_disappearance(known: int, gone: int, held: bool) -> None:
    tables = [table(f"t{number}", column(f"c{number}")) for number in range(known)]
    diff = compare(tables, snapshot(*tables[gone:]))
    assert (diff.brake, len(diff.tables(ChangeKind.GONE))) == (held, gone)


def test_what_could_not_be_read_does_not_pull_the_brake() -> None:
    tables = [table(f"t{number}", column(f"c{number}")) for number in range(10)]
    diff = compare(tables, snapshot(unreadable=tuple(Unreadable(item.label, "x") for item in tables)))
    assert (diff.brake, len(diff.tables(ChangeKind.UNREADABLE))) == (False, 10)


@pytest.mark.parametrize(
    ("label", "schema", "name", "is_it"),
    [
        ("s.t", "s", "t", True), ("s.t", "s", "t2", False), ("s.t.c", "s", "t", False), ("t", "", "t", True),
        ("a/b.csv", "a", "b", True), ("b.csv", "", "b", True), ("b.csv", "a", "b", False), ("b.csv", "", "b.csv", True),
        ("a/b.xlsx", "a", "b.sheet", True), ("a/b.xlsx", "a", "bb", False), ("a/", "a", "x", True), ("a/", "a/b", "x", True),
        ("a/", "ab", "x", False), ("b.c.csv", "", "b.c", True), ("b.c.csv", "", "b", False),
    ],
)  # fmt: skip
def test_which_table_an_unreadable_object_is(label: str, schema: str, name: str, is_it: bool) -> None:
    assert names_table(label, schema, name) is is_it
