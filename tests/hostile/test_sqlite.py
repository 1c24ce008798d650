"""A database file is a program for the engine that opens it: it ends in a process of its own and takes nothing with it."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assets.models import Table
from scanner.apart import Apart
from scanner.errors import SourceError
from scanner.guard import Limits
from scanner.model import Reading
from scanner.reading import read_named

GOOD = "CREATE TABLE good (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO good VALUES (1, 'x'), (2, 'y');"
# Each stage asks twice for the one before: SQLite writes out all of them while it prepares, and looks at no clock.
BOMB = "CREATE VIEW bomb AS WITH c0(a) AS (SELECT 1)" + "".join(
    f", c{n}(a) AS (SELECT x.a FROM c{n - 1} x, c{n - 1} y)" for n in range(1, 40)
)
BOMB += " SELECT a FROM c39;"
ENDLESS = "CREATE VIEW endless AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n;"

Make = Callable[..., Apart]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Make]:
    """A file made by a script and reworked as bytes, opened as the platform opens it."""
    opened: list[Apart] = []

    def make(script: str, rework: Callable[[bytearray], Any] = lambda content: None, **limits: Any) -> Apart:
        file = tmp_path / f"{len(opened)}.db"
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.executescript(script)
        content = bytearray(file.read_bytes())
        rework(content)
        file.write_bytes(content)
        opened.append(Apart("sqlite", {"path": str(file)}, Limits(**limits), [tmp_path]))
        return opened[-1]

    yield make
    for source in opened:
        source.close()


def good(source: Apart) -> Reading:
    reading = read_named(source, "main", "good")
    assert (reading.rows, [column.distinct for column in reading.columns]) == (2, [2, 2])
    return reading


def refused(source: Apart, name: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read_named(source, "main", name)
    return caught.value


def lost(source: Apart) -> dict[str, str]:
    """What a look finds unreadable; the good table it finds."""
    snapshot = source.snapshot()
    assert ("good", 2) in [(table.name, table.row_estimate) for table in snapshot.tables]
    return {item.object: f"{item.code}: {item.reason}" for item in snapshot.unreadable}


def test_a_view_that_never_gets_prepared_costs_only_its_process(database: Make) -> None:
    source = database(GOOD + BOMB, answer_seconds=1, statement_seconds=1)
    assert lost(source) == {"main.bomb": "read_failed: it took longer than allowed"}
    assert source._child is not None  # the one that came after
    ended = refused(source, "bomb")
    assert (ended.code, ended.params["path"]) == ("file_rejected", "main.bomb")
    good(source)
    again = database(GOOD + BOMB, answer_seconds=1)
    good(again)
    assert refused(again, "bomb").said == "main.bomb was rejected: it took longer than allowed"
    assert again._child is None
    good(again)


def test_a_view_that_takes_all_memory_costs_only_its_process(database: Make) -> None:
    source = database(GOOD + BOMB, answer_seconds=600, reader_memory=1200 << 20)
    (reason,) = lost(source).values()
    assert "memory" in reason
    assert refused(source, "bomb").params["path"] == "main.bomb"
    good(source)


def test_a_view_without_end_ends_at_the_limit(database: Make) -> None:
    source = database(GOOD + ENDLESS, statement_seconds=0.3)
    assert lost(source) == {}
    ended = refused(source, "endless")
    assert (ended.code, ended.params["reason"]) == ("read_failed", "it took longer than allowed")
    good(source)


SCRIPTS = {
    "circular": "CREATE VIEW a AS SELECT * FROM b; CREATE VIEW b AS SELECT * FROM a;",
    "extension": "CREATE VIEW a AS SELECT load_extension('{evil}') AS x;",
    "tokenizer": "CREATE VIEW a AS SELECT fts3_tokenizer('simple', x'4141414141414141') AS x;",
    "pragma": "CREATE VIEW a AS SELECT * FROM pragma_writable_schema;",
    "computed": "CREATE TABLE a (x AS (hex(zeroblob(y))), y); INSERT INTO a (y) VALUES (1); PRAGMA writable_schema = ON;"
    "UPDATE sqlite_master SET sql = replace(sql, '(y)', '(y * 900000000)') WHERE name = 'a';",
}


@pytest.mark.parametrize("which", SCRIPTS)
def test_what_a_schema_asks_for_is_not_done(database: Make, tmp_path: Path, which: str) -> None:
    source = database(GOOD + SCRIPTS[which].format(evil=tmp_path / "evil"))
    lost(source)
    ended = refused(source, "a")
    assert (ended.code, ended.params["object"]) == (
        "row_too_large" if which == "computed" else "read_failed", "main.a",
    )  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == {"0.db", "platform"}
    good(source)


def test_triggers_are_not_run_and_no_other_file_is_attached(database: Make, tmp_path: Path) -> None:
    """Reading writes nothing, so nothing is triggered; and a view reaches only what is in the file."""
    trigger = "CREATE TRIGGER t AFTER UPDATE ON good BEGIN DELETE FROM good; END;"
    other = f"ATTACH '{tmp_path / 'other.db'}' AS other; CREATE TABLE other.secret (a); INSERT INTO other.secret VALUES (7);"
    source = database(GOOD + trigger + other + "CREATE VIEW a AS SELECT 1 AS b; DROP VIEW a;")
    before = (tmp_path / "0.db").read_bytes()
    assert [table.name for table in source.snapshot().tables] == ["good"]
    assert good(source)
    assert (tmp_path / "0.db").read_bytes() == before


def test_a_schema_written_by_hand_is_an_error_that_names_the_file(database: Make, tmp_path: Path) -> None:
    broken = "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('table', 'x', 'x', {page}, {sql});"
    for sql in ("'CREATE TABLE x (a,'", "'SELECT 1'", "x'ff00ff'", "'CREATE TABLE y (a)'"):
        source = database(GOOD + broken.format(page=2, sql=sql))
        with pytest.raises(SourceError) as caught:
            source.snapshot()
        assert caught.value.code == "read_failed"
        assert str(tmp_path) in str(caught.value.params["object"])


def test_pages_of_a_virtual_table_that_lie_are_only_its_own_loss(database: Make) -> None:
    script = (
        "CREATE VIRTUAL TABLE words USING fts5(t); INSERT INTO words VALUES ('人口'), ('法人');"
        "UPDATE words_data SET block = x'ffffffffffffffff' || randomblob(400);"
        "CREATE VIRTUAL TABLE boxes USING rtree(id, a, b); INSERT INTO boxes VALUES (1, 0, 1);"
        "UPDATE boxes_node SET data = x'00010fff' || randomblob(1204);"
    )
    source = database(GOOD + script)
    names = [table.name for table in source.snapshot().tables]
    assert "good" in names
    assert not {name for name in names if name.startswith(("words_", "boxes_"))}  # what the engine keeps for itself
    for name in ("words", "boxes"):
        try:
            read_named(source, "main", name)
        except SourceError as error:
            assert error.code in ("read_failed", "file_rejected")  # noqa: PT017  either may happen, nothing else
    good(source)


@pytest.mark.parametrize("seed", range(6))
def test_damaged_pages_end_in_an_answer_or_an_error(database: Make, seed: int) -> None:
    """Whatever was overwritten: what a reader says is a result or a named error, and it says it."""
    chance = random.Random(seed)

    def damage(content: bytearray) -> None:
        for _ in range(60):
            at = chance.randrange(100, len(content))
            content[at] = chance.randrange(256)

    many = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 900)"
    script = (
        f"CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c REAL); INSERT INTO t {many} SELECT x, hex(x * x), x FROM n;"
    )
    source = database(script + "CREATE INDEX i ON t (b);", damage, answer_seconds=5, statement_seconds=5)
    outcomes = []
    for look in (source.snapshot, lambda: read_named(source, "main", "t")):
        try:
            outcomes.append(type(look()).__name__)
        except SourceError as error:
            outcomes.append(error.code)
    assert set(outcomes) <= {"Snapshot", "Reading", "read_failed", "file_rejected", "not_sqlite", "no_such_table"}


def test_a_giant_value_is_cut_and_one_that_says_it_is_larger_is_refused(database: Make) -> None:
    giant = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c); INSERT INTO t VALUES (1, 'short', 'x');"
    giant += "INSERT INTO t VALUES (2, replace(hex(zeroblob(20 << 20)), '00', 'x'), zeroblob(30 << 20));"
    source = database(GOOD + giant)
    (_, text, mixed) = read_named(source, "main", "t").columns
    assert (text.length or {})["cut"] == (mixed.length or {})["cut"] == 65_536
    assert text.distinct == 2

    def forge(content: bytearray) -> None:
        """The record of the long value claims text of 134 million characters, of which three million are there."""
        true = _varint(3_000_005) + b"\x01\x05" + _varint(13 + 2 * 3_000_000)  # its length, row 1, its head
        at = content.index(true)
        content[at : at + len(true)] = b"\xff\xff\xff\x7f\x01\x05\xff\xff\xff\x7f"

    source = database(GOOD + "CREATE TABLE t (b TEXT); INSERT INTO t VALUES (hex(zeroblob(1500000)));", forge)
    assert refused(source, "t").said == "main.t could not be read: database disk image is malformed"
    good(source)


def _varint(number: int) -> bytes:
    """A length as SQLite writes it: seven bits a byte, the last without its highest bit."""
    found = [number & 127]
    while number := number >> 7:
        found.insert(0, number & 127 | 128)
    return bytes(found)


@pytest.mark.django_db
def test_the_platform_keeps_what_it_knew_of_the_other_tables(
    sqlite_source: Callable[..., Any], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A view that ends every process that looks at it: the census says so of it, and of nothing else."""
    source = sqlite_source(GOOD + "CREATE VIEW bomb AS SELECT 1 AS a;")
    assert (source.census().state, source.scan().state) == ("succeeded", "succeeded")
    source.run("DROP VIEW bomb;" + BOMB)
    monkeypatch.setattr("assets.policy.Limits", lambda **given: Limits(**given, answer_seconds=1))
    job = source.census()
    assert (job.state, job.partial) == ("succeeded", True)
    assert dict(Table.objects.values_list("name", "state")) == {"good": "seen", "bomb": "unreadable"}
