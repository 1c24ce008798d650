"""Files: they lead nowhere, and whoever they harm dies alone."""

import os
import random
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from assets.models import CensusRun, DataSource, Table
from assets.services import requests, sources, uploads
from core.models import Job
from scanner.apart import Apart
from scanner.connectors.files import Files
from scanner.connectors.registry import open_source
from scanner.errors import SourceError
from scanner.guard import Limits
from scanner.reading import read_named
from tests.assets.support import finished
from tests.hostile import files

SECRET = "what lies outside"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a sub-folder of one table; beside it, outside, the same names hold a secret."""
    for place, text in (("inside/sub", "a\n1\n"), ("outside", f"a\n{SECRET}\n")):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "x.csv").write_text(text)
        with closing(sqlite3.connect(tmp_path / place / "x.db")) as made:
            made.executescript(f"CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('{text.splitlines()[1]}')")
    return tmp_path / "inside"


@pytest.fixture
def when_opened() -> Iterator[Callable[[str, Path, Callable[[], None]], None]]:
    """``when_opened(event, path, action)``: between check and open, at the very call that opens ``path``, do something."""
    waiting: list[tuple[str, str, Callable[[], None]]] = []

    def notice(event: str, arguments: tuple[Any, ...]) -> None:
        if waiting and event == waiting[0][0] and waiting[0][1] in str(arguments[0]):
            waiting.pop(0)[2]()

    sys.addaudithook(notice)
    yield lambda event, path, action: waiting.append((event, str(path), action))
    waiting.clear()


def swap(inside: Path) -> Callable[[], None]:
    """Put a link to what lies outside where the folder or file was."""

    def act() -> None:
        outside = next(parent for parent in inside.parents if parent.name == "inside").with_name("outside")
        target = outside if inside.is_dir() else outside / inside.name
        inside.rename(inside.with_name("moved"))
        inside.symlink_to(target)

    return act


def texts(source: Files, schema: str, name: str) -> list[Any]:
    table = source.describe(schema, name)
    return [row for batch in source.read(table, table.columns) for row in batch.to_pylist()]


# -- nothing leads out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("swapped", ["sub", "sub/x.csv"])
def test_a_link_put_in_place_between_check_and_open_leads_nowhere(
    folder: Path, swapped: str, when_opened: Callable[..., None]
) -> None:
    when_opened("open", folder / "sub" / "x.csv", swap(folder / swapped))
    with Files({"path": str(folder)}, folders=[folder]) as source:
        snapshot = source.snapshot()
    assert [(item.object, item.code) for item in snapshot.unreadable] == [("sub/x.csv", "outside_folder")]
    assert SECRET not in str(snapshot)


def test_a_link_put_in_place_of_a_folder_before_it_is_listed_leads_nowhere(
    folder: Path, when_opened: Callable[..., None]
) -> None:
    (folder.parent / "outside" / "only there.csv").write_text("a\n1\n")
    when_opened("open", folder / "sub", swap(folder / "sub"))
    with Files({"path": str(folder)}, folders=[folder]) as source:
        snapshot = source.snapshot()
    assert snapshot.tables == ()
    assert "only there" not in str(snapshot)


def test_a_link_put_in_place_while_rows_are_read_leads_nowhere(folder: Path, when_opened: Callable[..., None]) -> None:
    with Files({"path": str(folder)}, folders=[folder]) as source:
        assert texts(source, "sub", "x") == [{"a": "1"}]
        swap(folder / "sub")()
        with pytest.raises(SourceError) as caught:
            texts(source, "sub", "x")
    assert caught.value.code == "no_such_table"


def test_a_link_put_in_place_of_the_root_leads_nowhere(folder: Path) -> None:
    """The folder was approved by its real path; a job that comes later does not follow it elsewhere."""
    folder.rename(folder.with_name("moved"))
    folder.symlink_to(folder.with_name("outside"))
    for kind, path in (("files", folder), ("sqlite", folder / "x.db")):
        source = open_source(kind, {"path": str(path)}, folders=[folder])
        with source, pytest.raises(SourceError) as caught:
            source.snapshot()
        assert caught.value.code == "outside_folder"


def test_sqlite_opens_the_file_that_was_checked(folder: Path, when_opened: Callable[..., None]) -> None:
    path = folder / "sub" / "x.db"
    when_opened("sqlite3.connect", path, swap(folder / "sub"))
    with open_source("sqlite", {"path": str(path)}, folders=[folder]) as source, pytest.raises(SourceError) as caught:
        source.execute("SELECT a FROM t")
    assert caught.value.code == "outside_folder"


@pytest.mark.parametrize(
    "name",
    ["../outside/x", "..", "sub/../../outside/x", "/etc/passwd", "*", "**/*", "x.csv?raw=1", "s3://b/x", "x\0", ""],
)
@pytest.mark.parametrize("schema", ["", "sub", "..", "../outside", "/", "sub/..", "*"])
def test_no_name_of_a_table_is_a_path(folder: Path, schema: str, name: str) -> None:
    with Files({"path": str(folder)}) as source, pytest.raises(SourceError) as caught:
        source.describe(schema, name)
    assert caught.value.code == "no_such_table"


@pytest.mark.django_db
def test_a_source_is_not_moved_out_of_its_folder_by_a_link(folder: Path, city: SimpleNamespace, settings: Any) -> None:
    settings.SOURCE_FOLDERS = (str(folder),)
    sub = folder / "sub"
    registered = [
        sources.register_source(
            actor=city.police.manager, agency=city.police.agency, kind=kind, name=kind, parameters={"path": str(path)}
        )
        for kind, path in (("files", sub), ("sqlite", sub / "x.db"))
    ]
    assert [census(city, source).state for source in registered] == ["succeeded"] * 2
    swap(sub)()
    assert [census(city, source).error_code for source in registered] == ["outside_folder"] * 2


# -- DuckDB reads nothing outside --------------------------------------------------------------------------------------

OUTSIDE = [
    "SELECT * FROM read_csv('{path}')", "SELECT * FROM read_text('{path}')", "SELECT * FROM read_blob('{path}')", "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '{path}'", "SELECT * FROM sniff_csv('{path}')", "SELECT * FROM read_parquet('{path}')", "SELECT * FROM read_json('{path}')",
    "SELECT * FROM read_csv('/etc/*')", "SELECT * FROM read_csv('file://{path}')", "SELECT * FROM read_csv('http://127.0.0.1:1/x')",
    "SELECT * FROM read_csv('s3://bucket/x')", "COPY (SELECT 1) TO '{path}.out'", "COPY t FROM '{path}'", "EXPORT DATABASE '{path}.d'", "IMPORT DATABASE '{path}.d'",
    "ATTACH '{path}.db' AS other", "INSTALL httpfs", "LOAD httpfs", "LOAD '{path}'",
    "FORCE INSTALL sqlite FROM community", "SET enable_external_access = true", "SET allowed_directories = ['/etc']", "SET allowed_paths = ['{path}']",
    "SET temp_directory = '/etc'", "SET lock_configuration = false", "RESET lock_configuration", "SET memory_limit = '64GB'", "SET allow_unsigned_extensions = true",
    "PRAGMA enable_profiling; SET profiling_output = '{path}.out'", "SET log_query_path = '{path}.out'", "CREATE SECRET s (TYPE s3)",
    "SELECT * FROM python_variable",
]  # fmt: skip


def test_our_duckdb_reads_and_writes_nothing_outside(tmp_path: Path) -> None:
    """From inside our own connections: the one that measures, and the one that answers SQL over files."""
    import duckdb

    from scanner.loading import open_session, start_computing

    python_variable = [1]
    assert python_variable
    path = tmp_path / "x.csv"
    path.write_text(f"a\n{SECRET}\n")
    with open_session() as session, Files({"path": str(tmp_path)}) as source:
        start_computing(session, 1_000_000)
        source.describe("", "x")
        source.execute("SELECT 1")
        assert source._engine is not None
        passed = []
        for connection in (session, source._engine):
            for sql in OUTSIDE:
                try:
                    passed.append((sql, connection.execute(sql.format(path=path)).fetchall()))
                except duckdb.Error:
                    continue
    assert passed == []
    assert {item.name for item in tmp_path.iterdir()} <= {"x.csv", "platform"}


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE x (a int)",
        "SELECT 1; SELECT 2",
        "PRAGMA version",
        "EXPLAIN ANALYZE SELECT 1",
        "CALL pragma_version()",
        "",
    ],
)
def test_only_one_select_is_answered_over_files(tmp_path: Path, sql: str) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    with Files({"path": str(tmp_path)}) as source:
        source.describe("", "x")
        with pytest.raises(SourceError) as caught:
            source.execute(sql)
    assert caught.value.code == "read_failed"


# -- bombs -------------------------------------------------------------------------------------------------------------


def census(city: SimpleNamespace, source: DataSource) -> Job:
    return finished(requests.request_census(actor=city.police.manager, source=source))


@pytest.mark.django_db
def test_one_upload_of_every_hostile_file_and_a_good_one(city: SimpleNamespace) -> None:
    """Each is named with its reason; the good ones are read; the worker goes on."""
    contents = {f"{name}.xlsx": content for name, (content, _) in files.WORKBOOKS.items()}
    contents |= {f"no {name}.xlsx": content for name, content in files.NO_WORKBOOKS.items()}
    contents |= {f"{name}.parquet": content for name, content in files.PARQUETS.items()}
    contents |= {
        "claims.parquet": files.claiming(10**12),
        "one line.csv": b"a" * (9 << 20), "one line in GB18030.csv": "汉".encode("gb18030") * (5 << 20), "wide.csv": b",".join([b"a"] * 1_000_000),
        "many.csv": b",".join([b"a"] * 100_000) + b"\n", "nul.csv": b"a,b\n1,\0\n", "quote.csv": b'a\n"' + b"x\n" * 100, "noise.csv": b"a\n\xff\xff\xff\n", "half.csv": b"\xff\xfe\xfd" * 9,
        "good.csv": b"a,b\n1,x\n2,y\n", "good.xlsx": files.workbook(), "good.parquet": files.parquet(),
    }  # fmt: skip
    given = [SimpleUploadedFile(name, content) for name, content in contents.items()]
    source = uploads.register_upload(actor=city.police.manager, agency=city.police.agency, files=given, name="报送")
    job = census(city, source)
    assert (job.state, job.partial, job.error_text) == ("succeeded", True, "")
    assert sorted(Table.objects.values_list("name", flat=True)) == ["good", "good.Sheet", "good.parquet"]
    said = {item["object"]: item for item in CensusRun.objects.get().unreadable}
    assert sorted(said) == sorted(name for name in contents if not name.startswith("good"))
    for name, (_, reason) in files.WORKBOOKS.items():
        item = said[f"{name}.xlsx"]
        assert (item["code"], reason in str(item["params"]["reason"])) == ("file_rejected", True)
    assert {said[f"no {name}.xlsx"]["code"] for name in files.NO_WORKBOOKS} == {"not_a_workbook"}
    assert {said[f"{name}.parquet"]["code"] for name in files.PARQUETS} == {"not_parquet"}
    assert said["claims.parquet"]["code"] == "file_rejected"
    assert {said[name]["code"] for name in said if name.endswith(".csv")} == {
        "bad_csv",
        "file_rejected",
        "bad_encoding",
    }
    client = Client()
    client.force_login(city.police.viewer)
    page = client.get(CensusRun.objects.get().get_absolute_url()).content.decode()
    assert "inflated.xlsx 未通过安全检查：其中有部分压缩超过 200 倍" in page
    scan = finished(requests.request_scan(actor=city.police.manager, source=source))
    assert (scan.state, scan.partial, scan.result["tables"]) == ("succeeded", False, 3)


def test_parquet_with_bits_flipped_anywhere_is_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(3)
    plain = files.parquet()
    for number in range(60):
        broken = bytearray(plain)
        for _ in range(chance.choice((1, 1, 2, 8))):
            broken[chance.randrange(4, len(broken) - 8)] ^= 1 << chance.randrange(8)
        (tmp_path / f"{number:03}.parquet").write_bytes(broken)
    with Apart("files", {"path": str(tmp_path)}, Limits(), [tmp_path]) as source:
        snapshot = source.snapshot()
        assert len(snapshot.tables) + len(snapshot.unreadable) == 60
        ended = {table.name: outcome(source, table.name) for table in snapshot.tables}
    assert set(ended.values()) <= {"read", "read_failed", "file_rejected", "not_parquet", "no_such_table"}
    assert "read" in ended.values()
    assert {item.code for item in snapshot.unreadable} <= {"not_parquet", "file_rejected"}


def test_lines_of_a_gigabyte_are_refused_by_name_in_the_memory_of_a_block(tmp_path: Path) -> None:
    """At their real size: one hole of a gigabyte, one behind an open quote, and a gigabyte of letters in one row."""
    giant = 1 << 30
    for name, head in (("hole.csv", b""), ("quote.csv", b'a,b\n1,"')):
        with (tmp_path / name).open("wb") as file:
            file.write(head)
            file.truncate(giant)
    with (tmp_path / "row.csv").open("wb", buffering=0) as file:
        file.write(b"a,b\n1,")
        block = b"x" * (16 << 20)
        for _ in range(giant // len(block)):
            file.write(block)
    (tmp_path / "good.csv").write_text("a\n1\n")
    before = memory("self", "VmRSS")
    with Apart("files", {"path": str(tmp_path)}, Limits(), [tmp_path]) as source:
        snapshot = source.snapshot()
        assert source._child is not None  # it ended none of them, and nothing of theirs came here
        assert memory(str(source._child.pid), "VmHWM") < 400
        assert memory("self", "VmRSS") - before < 50
        assert read_named(source, "", "good").rows == 1
    assert [table.name for table in snapshot.tables] == ["good"]
    nul = "it holds NUL bytes, so it is no text"
    assert {item.object: (item.code, str(item.reason).partition(": ")[2]) for item in snapshot.unreadable} == {
        "hole.csv": ("bad_csv", nul),
        "quote.csv": ("bad_csv", nul),
        "row.csv": ("bad_csv", "a row is longer than 8 MiB, or a quote is never closed"),
    }
    (tmp_path / "row.csv").unlink()  # not for pytest to keep


def memory(process: str, which: str) -> int:
    """MiB of a process, as the kernel counts them."""
    facts = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return int(facts[which].split()[0]) >> 10


def outcome(source: Apart, name: str) -> str:
    try:
        read_named(source, "", name)
    except SourceError as error:
        return error.code
    return "read"


# -- the process apart -------------------------------------------------------------------------------------------------


def test_a_file_that_takes_all_memory_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    files.dictionary_bomb(tmp_path / "bomb.parquet", 1 << 20, 16_000)  # 3 KB that say 16 GB
    (tmp_path / "good.csv").write_text("a\n1\n")
    assert (tmp_path / "bomb.parquet").stat().st_size < 10_000
    with Apart("files", {"path": str(tmp_path)}, Limits(reader_memory=3 << 30), [tmp_path]) as source:
        assert [table.name for table in source.snapshot().tables] == ["bomb", "good"]
        with pytest.raises(SourceError) as caught:
            read_named(source, "", "bomb")
        assert (caught.value.code, caught.value.params["path"]) == ("file_rejected", "bomb.parquet")
        assert read_named(source, "", "good").rows == 1


def test_a_file_that_kills_its_reader_is_refused_by_name_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "k.csv").write_text("a\n" + "1\n" * 6_000_000)  # long enough to be killed over
    (tmp_path / "z.csv").write_text("a\n1\n2\n")
    with Apart("files", {"path": str(tmp_path)}, Limits(), [tmp_path]) as source:

        def kill() -> None:
            while source._at != "k.csv" or source._child is None:
                time.sleep(0.001)
            os.kill(source._child.pid, signal.SIGSEGV)

        threading.Thread(target=kill, daemon=True).start()
        snapshot = source.snapshot()
        assert [table.name for table in snapshot.tables] == ["a", "z"]
        ((refused),) = snapshot.unreadable
        assert (refused.object, refused.code) == ("k.csv", "file_rejected")
        assert "SIGSEGV" in refused.reason
        assert read_named(source, "", "z").rows == 2


def test_the_reader_is_stopped_with_the_job(tmp_path: Path) -> None:
    (tmp_path / "k.csv").write_text("a\n" + "1\n" * 6_000_000)

    class Stopped(Exception):
        pass

    def stop() -> None:
        if source._at:
            raise Stopped

    with Apart("files", {"path": str(tmp_path)}, Limits(), [tmp_path]) as source:
        with pytest.raises(Stopped):
            read_named(source, "", "k", should_stop=stop)
        assert source._child is None


def test_the_reader_knows_no_secret_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:s3cret-words@h/d")
    (tmp_path / "a.csv").write_text("a\n1\n")
    with Apart("files", {"path": str(tmp_path)}, Limits(), [tmp_path]) as source:
        source.test()
        assert source._child is not None
        place = Path(f"/proc/{source._child.pid}")
        assert b"s3cret" not in (place / "environ").read_bytes() + (place / "cmdline").read_bytes()


def test_what_the_reader_says_is_data_and_nothing_that_runs() -> None:
    import pickle

    from scanner.apart import _Plain
    from scanner.model import Column, ValueClass

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, ("true",)

    column = Column("a", 1, "text", ValueClass.TEXT)
    assert _Plain.loads(pickle.dumps(("done", [column], 0))) == ("done", [column], 0)
    for evil in (Evil(), os.system, Path("/"), SourceError("timeout")):
        with pytest.raises(EOFError):
            _Plain.loads(pickle.dumps(("done", evil, 0)))
