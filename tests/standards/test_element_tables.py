"""Printed tables of elements: read in the shapes agencies have, held against the registry, taken in as drafts, printed again."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from core.exporting import workbook_pieces
from core.models import AuditEntry, WorkflowStep
from core.workflow import apply
from standards import printing
from standards.choices import EditionState, NameKind, NameOrigin, ValueDomain
from standards.element_tables import ELEMENTS, Line, Row, digest, lines_of, packed, unpacked
from standards.models import CodeSet, DataElement, Edition, ElementName
from standards.services.element_import import import_elements, planned
from standards.services.elements import create_element
from standards.services.seed import adopt_shipped
from standards.tables import TableError, read_grids
from tests.accounts import world

pytestmark = pytest.mark.django_db
HEAD = ["内部标识符", "中文名称", "定义", "对象类词", "特性词", "表示词", "数据格式", "值域", "同义名称"]
NEW = ["BH001", "渔船编号", "渔船的唯一编号。", "渔船", "编号", "代码", "an12", "", "船号；船舶编号"]


def book(*rows: list[Any], name: str = "Sheet1", more: dict[str, list[list[Any]]] | None = None) -> bytes:
    made = openpyxl.Workbook()
    sheets = {name: list(rows), **(more or {})}
    for title, content in sheets.items():
        sheet = made.create_sheet(title)
        for row in content:
            sheet.append(row)
    made.remove(made.worksheets[0])
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def lines(content: bytes, name: str = "表.xlsx") -> list[Line]:
    return lines_of(read_grids(name, content))[0]


def rows(office: SimpleNamespace, *given: list[Any]) -> list[Row]:
    return planned(office.author, of(HEAD, *given))


def of(*given: list[Any]) -> list[Line]:
    """The rows of a sheet, without the detour of a workbook."""
    return lines_of({"": [[str(cell) for cell in row] for row in given]})[0]


def told(row: Row) -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in row.reasons if kind]


def take_in(office: SimpleNamespace, *given: list[Any], take: tuple[str, ...] = ("new", "change")) -> list[Row]:
    return import_elements(
        actor=office.author, agency=office.bureau, domain="general", lines=of(HEAD, *given), take=take
    )


# Shapes --------------------------------------------------------------------------------------------------------------


def test_titles_brackets_synonyms_and_notes_of_a_printed_table_are_understood() -> None:
    content = book(
        ["滨海市公共数据元目录（2026 版）"], [], ["序号", "标识符", "数据元名称（中文）", "短名", "表示格式 *", "说明"],
        [1, "ＤＥ００１", "船名", "CM", "c..50", "船的名称"], [], ["附注：本表自发布之日起施行"],
        ["序号", "标识符", "数据元名称（中文）", "短名", "表示格式 *", "说明"], [2, "DE002", "船籍港", "CJG", "c..50", "登记港"],
        more={"说明": [["本目录由市大数据局编制"]], "第二批": [["编号", "名称"], ["DE003", "船长"]]},
    )  # fmt: skip
    found, over = lines_of(read_grids("目录.xlsx", content))
    assert [(line.sheet, line.line, line.values["code"], line.values["name"]) for line in found] == [
        ("Sheet1", 4, "DE001", "船名"), ("Sheet1", 8, "DE002", "船籍港"), ("第二批", 2, "DE003", "船长"),
    ]  # fmt: skip
    assert found[0].values["abbreviations"] == "CM"
    assert found[0].values["notation"] == "c..50"
    assert [text for text in over if "附注" in text and "第 6 行" in text]
    assert [text for text in over if "“说明”" in text]


def test_the_printed_form_of_a_block_an_element_is_read() -> None:
    def block(code: str, name: str) -> list[list[str]]:
        return [
            ["内部标识符", code], ["中文名称", name], ["定义", f"{name}的说明"], ["对象类词", "船"], ["特性词", "名称"],
            ["表示词", "名称"], ["数据格式", "c..50"], [],
        ]  # fmt: skip

    found = lines(book(["附录 A 数据元"], *block("DE001", "船名"), *block("DE002", "港名")))
    assert [(line.values["code"], line.values["name"], line.values["representation_term"]) for line in found] == [
        ("DE001", "船名", "名称"), ("DE002", "港名", "名称"),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_csv_in_the_encodings_of_agencies(encoding: str) -> None:
    text = "数据元目录,,\r\n编号,名称,格式\r\nDE001,船名,c..50\r\n"
    assert lines(text.encode(encoding), "表.csv")[0].values == {"code": "DE001", "name": "船名", "notation": "c..50"}


def test_an_old_workbook_is_read_too() -> None:
    content = (Path(__file__).parent / "data" / "elements.xls").read_bytes()  # written by xlwt, as Excel 97 does
    assert [line.values for line in lines(content, "目录.xls")] == [
        {"code": "DE001", "name": "船名", "notation": "c..50", "length": "50"},
        {"code": "DE002", "name": "船籍港", "notation": "c..50", "length": "50"},
    ]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (book(["姓名", "电话"], ["张三", "1"]), "没有表头"),
        (book(["编号", "格式"], ["DE1", "n1"]), "表头缺少：中文名称"),
        (b"PK\x03\x04garbage", "不是 xlsx 工作簿"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1garbage", "不是"),
        (book(["编号", "名称"]), "没有数据元"),
        (b"", "不是"),
    ],
)
def test_what_is_no_table_of_elements_says_so(content: bytes, word: str) -> None:
    with pytest.raises(TableError, match=word):
        lines(content)


def test_the_rows_travel_with_the_page_and_nothing_else_does() -> None:
    carried = [Line("表", 4, {"code": "A", "name": "甲\n乙"})]
    assert unpacked(packed(carried)) == carried
    for text in (
        "",
        "{",
        "[1]",
        '[["a", 1, {"pk": "x"}]]',
        '[["a", 1, {"code": 1}]]',
        '[["a", true, {}]]',
        "[" * 9_000,
    ):
        assert unpacked(text) == []


# What a row would become ---------------------------------------------------------------------------------------------


def test_each_collision_is_named_with_its_reason(office: SimpleNamespace, sexes: CodeSet) -> None:
    element = DataElement.objects.filter(current__code_set=sexes)[0]
    synonym = ElementName.objects.filter(kind=NameKind.SYNONYM).exclude(text__in=DataElement.objects.values("name"))[0]
    found = rows(
        office,
        [element.code, "别的名称"], ["BH002", element.name], ["BH003", synonym.text],
        ["BH004", "甲名", "", "", "", "", "", "", element.name], ["BH005", "乙名", "", "", "", "", "x9?"],
        ["BH006", "丙名", "甲"], ["BH006", "丙名", "乙"], ["", "丁名"], ["BH007", ""], ["BH008", "甲名"],
        ["BH009", "性别", "", "", "", "", "c1", "GB/T 2261.1-2003 人的性别代码"],
    )  # fmt: skip
    assert [(row.outcome, row.kinds[1:]) for row in found] == [
        ("change", ["renamed"]), ("new", ["same_name"]), ("new", ["synonym"]), ("new", ["synonym"]), ("new", ["notation"]),
        ("new", ["duplicate"]), ("error", []), ("error", []), ("error", []), ("new", ["same_name"]), ("new", found[10].kinds[1:]),
    ]  # fmt: skip
    assert told(found[0]) == [("renamed", f"标识符 {element.code} 已用于“{element.name}”。")]
    assert told(found[1]) == [("same_name", f"“{element.name}”也是 {element.code} 的名称。")]
    assert synonym.element.code in told(found[2])[0][1]
    assert told(found[6]) == [("error", "标识符与第 7 行重复。")]
    assert told(found[7]) == [("error", "内部标识符为空。")]
    assert told(found[8]) == [("error", "中文名称为空。")]
    assert "第 5 行" in told(found[9])[0][1]
    assert found[10].values["code_set"] == "GB/T 2261.1"


def test_a_code_set_that_nobody_registered_is_a_collision(office: SimpleNamespace) -> None:
    table = [["编号", "名称", "代码集"], ["BH001", "渔船类型", "DB37/T 9999"]]
    (row,) = planned(office.author, of(*table))
    assert told(row) == [("code_set", "没有代码集 DB37/T 9999，请先登记。")]
    taken = {"actor": office.author, "agency": office.bureau, "domain": "general", "lines": [row.line]}
    import_elements(**taken, take=["new", "code_set"])
    edition = Edition.objects.get()
    assert (edition.code_set, edition.value_domain, edition.values_note) == (None, ValueDomain.DESCRIBED, "DB37/T 9999")


def test_type_and_length_give_the_notation_that_a_table_lacks(office: SimpleNamespace) -> None:
    table = [
        ["编号", "名称", "数据类型", "长度"],
        ["A1", "甲", "字符型", 18],
        ["A2", "乙", "数值型", "10,2"],
        ["A3", "丙", "日期型", 8],
    ]
    found = planned(office.author, of(*table))
    assert [row.values.get("notation", "") for row in found] == ["c..18", "n..10,2", ""]


# Taking it in --------------------------------------------------------------------------------------------------------


def test_a_table_without_identifiers_is_numbered_on_in_its_domain(office: SimpleNamespace) -> None:
    for code, name in (("V008", "号牌"), ("V009", "船牌"), ("W1", "证"), ("X005", "别域")):
        domain = "credit" if code == "X005" else "certificate"
        create_element(
            actor=office.author,
            agency=office.bureau,
            code=code,
            domain=domain,
            name=name,
            definition="一。",
            notation="c..9",
        )
    table = of(
        ["中文名称", "定义", "数据格式", "主题域"],
        ["渔船牌", "渔船的牌号。", "an..9", ""], ["处罚号", "处罚的编号。", "an..9", "信用"], ["船牌", "也叫这个。", "an..9", ""],
        ["病床号", "病床的编号。", "an..9", "医疗健康"],
    )  # fmt: skip
    found = planned(office.author, table, "certificate")
    assert [row.code for row in found] == ["V010", "X006", "V011", "DE00001"]
    assert ("", "表中没有标识符，登记为 V010。") in found[0].reasons
    assert [row.kinds for row in found] == [["new"], ["new"], ["new", "same_name"], ["new"]]
    given = {"actor": office.author, "agency": office.bureau, "domain": "certificate", "lines": table, "take": ("new",)}
    import_elements(**given, seen=digest(found))
    assert DataElement.objects.get(code="V010").name == "渔船牌"
    assert not DataElement.objects.filter(code="V011").exists()
    seen = digest(planned(office.author, table, "certificate"))
    create_element(
        actor=office.author,
        agency=office.bureau,
        code="V012",
        domain="certificate",
        name="抢先",
        definition="一。",
        notation="c..9",
    )
    with pytest.raises(ValidationError):  # the numbers that somebody saw are no longer free
        import_elements(**given, seen=seen)


def test_a_blank_identifier_among_others_is_a_fault_and_other_lists_are_no_elements(office: SimpleNamespace) -> None:
    first, second = rows(office, NEW, ["", *NEW[1:]])
    assert (first.outcome, second.outcome) == ("new", "error")
    with pytest.raises(TableError, match="内部标识符"):
        of(["代码", "名称", "说明"], ["1", "男", "男性"], ["2", "女", "女性"])


def test_what_is_taken_becomes_drafts_that_somebody_else_publishes(office: SimpleNamespace) -> None:
    take_in(office, NEW)
    element = DataElement.objects.get(code="BH001")
    edition = element.editions.get()
    assert (edition.state, edition.notation, edition.author) == (EditionState.DRAFT, "an12", office.author)
    assert set(element.names.values_list("text", "origin")) == {
        ("船号", NameOrigin.PERSON),
        ("船舶编号", NameOrigin.PERSON),
    }
    steps = WorkflowStep.objects.filter(target=f"standards.Edition:{edition.pk}")
    assert [(step.transition, step.actor_id) for step in steps] == [("draft", office.author.pk)]
    entry = AuditEntry.objects.get(verb="standards.element.import")
    assert (entry.changes["created"], entry.changes["codes"]) == ([0, 1], [None, ["BH001"]])
    apply(edition, "submit", actor=office.author)
    boss = world.person(office.bureau, "leader")
    with pytest.raises(PermissionDenied):
        apply(edition, "publish", actor=office.author)
    apply(Edition.objects.get(pk=edition.pk), "publish", actor=boss)
    assert [row.outcome for row in rows(office, NEW)] == ["same"]


def test_a_changed_row_drafts_the_next_edition_and_leaves_the_one_in_force(
    office: SimpleNamespace, sexes: CodeSet
) -> None:
    element = DataElement.objects.filter(current__code_set=sexes)[0]
    before = element.current
    assert before is not None
    changed = [element.code, element.name, "改过的定义。"]
    take_in(office, changed)
    element.refresh_from_db()
    draft = element.editions.get(state=EditionState.DRAFT)
    assert (element.current, draft.number, draft.definition) == (before, before.number + 1, "改过的定义。")
    assert (draft.notation, draft.code_set, draft.level) == (before.notation, before.code_set, before.level)
    (again,) = rows(office, changed)
    assert again.outcome == "same"  # as the draft has it
    (more,) = rows(office, [element.code, element.name, "又改了。"])
    assert more.kinds == ["change", "in_work"]
    take_in(office, [element.code, element.name, "又改了。"], take=("change", "in_work"))
    draft.refresh_from_db()
    assert (draft.definition, element.editions.count()) == ("又改了。", 2)


def test_rows_of_classes_that_were_not_chosen_stay_out(office: SimpleNamespace, sexes: CodeSet) -> None:
    name = DataElement.objects.order_by("code")[0].name
    take_in(office, NEW, ["BH002", name], ["BH003", "丙", "", "", "", "", "x9?"])
    assert set(DataElement.objects.filter(code__startswith="BH").values_list("code", flat=True)) == {"BH001"}
    take_in(office, ["BH002", name], ["BH003", "丙", "", "", "", "", "x9?"], take=("new", "same_name", "notation"))
    edition = Edition.objects.get(element__code="BH003")
    assert (edition.notation, edition.note) == ("", "表中的数据格式：x9?")
    with pytest.raises(ValidationError, match="没有要导入的行"):
        take_in(office, NEW)


def test_what_changed_after_the_preview_is_shown_again_and_nothing_is_written(office: SimpleNamespace) -> None:
    given = of(HEAD, NEW, ["BH002", "乙名"])
    seen = digest(planned(office.author, given))
    create_element(actor=office.author, agency=office.bureau, code="BH002", domain="general", name="别人登记的")
    with pytest.raises(ValidationError, match="有了变化"):
        import_elements(
            actor=office.author, agency=office.bureau, domain="general", lines=given, take=["new"], seen=seen
        )
    assert not DataElement.objects.filter(code="BH001").exists()


def test_an_element_of_another_agency_is_not_changed(office: SimpleNamespace) -> None:
    take_in(office, NEW)
    changed = of(HEAD, ["BH001", "渔船编号", "另一种说法。"])
    (row,) = planned(office.stranger, changed)
    assert told(row) == [("error", "由市医保局管理，不能由本机构修改。")]


# There and back ------------------------------------------------------------------------------------------------------


def printed(elements: Any) -> bytes:
    found = printing.loaded(elements)
    return b"".join(workbook_pieces(printing.fields(), found, "数据元"))


def test_every_shipped_element_comes_back_as_it_went(office: SimpleNamespace) -> None:
    adopt_shipped(actor=None, agency=office.bureau)
    content = printed(DataElement.objects.order_by("code"))
    found = planned(office.author, lines(content))
    assert len(found) == DataElement.objects.count() >= 171
    assert [(row.code, row.outcome, row.values, row.names) for row in found if row.outcome != "same"] == []


HOSTILE = [
    "=1+1", "＝SUM(A1)", "'=cmd", "''-x", "@x", "-1", "+1", "\t=1", "#N/A", "_x0041_", "TRUE", "1e5", "0012", "２０２６", "a\r\nb", "a\n\nb",
    "  两端空格  ", "\u3000全角\u3000", "名、称；甲", '引"号', "<b>&amp;</b>", "😀", "\x07铃", "2026-01-01", "长" * 199, "'", "''", "=", "A\u200b",
]  # fmt: skip


def test_hostile_words_come_back_as_they_went(office: SimpleNamespace) -> None:
    for number, text in enumerate(HOSTILE):
        element = DataElement.objects.create(
            agency=office.bureau, code=f"H{number:03}", domain="general", name=f"元{number}"
        )
        edition = Edition.objects.create(
            element=element, number=1, name=f"元{number}", definition=text, note=text, values_note=text, unit=text[:40], reference=text
        )  # fmt: skip
        assert edition
        if text.strip() and number % 2:
            name = " ".join(text.split())
            ElementName.objects.create(element=element, kind=NameKind.SYNONYM, text=name, origin=NameOrigin.PERSON)
    content = printed(DataElement.objects.order_by("code"))
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    found = planned(office.author, lines(content))
    assert [(HOSTILE[int(row.code[1:])], row.values, row.names) for row in found if row.outcome != "same"] == []
    assert len(found) == len(HOSTILE)


# Pages and REST ------------------------------------------------------------------------------------------------------


def upload(content: bytes) -> Any:
    return SimpleUploadedFile("目录.xlsx", content)


def test_from_upload_to_drafts_through_the_page(office: SimpleNamespace, sexes: CodeSet) -> None:
    client: Client = world.browser(office.author)
    name = DataElement.objects.order_by("code")[0].name
    given = {"agency": office.bureau.pk, "domain": "credit"}
    page = client.post("/standards/elements/import/", {**given, "file": upload(book(HEAD, NEW, ["BH002", name]))})
    assert page.status_code == 200
    assert "也是" in page.content.decode()
    assert DataElement.objects.filter(code__startswith="BH").count() == 0
    carried = {**given, "rows": page.context["packed"], "seen": page.context["seen"]}
    report = client.post("/standards/elements/import/", {**carried, "take": ["new"], "do": "report"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(report))).worksheets[0]  # type: ignore[call-overload]
    assert [[cell.value for cell in row][:4] for row in sheet.iter_rows(min_row=2)] == [
        [None, 2, "新增", "导入"], [None, 3, "冲突", "不导入"],
    ]  # fmt: skip
    done = client.post("/standards/elements/import/", {**carried, "take": ["new"], "do": "import"}, follow=True)
    assert "已导入 1 行" in done.content.decode()
    assert DataElement.objects.get(code="BH001").domain == "credit"
    stale = client.post("/standards/elements/import/", {**carried, "take": ["new"], "do": "import"})
    assert stale.status_code == 422
    assert "有了变化" in stale.content.decode()
    broken = client.post("/standards/elements/import/", {**carried, "rows": "[]", "do": "import"})
    assert broken.status_code == 422
    assert "重新上传" in broken.content.decode()
    viewer = world.browser(office.viewer)
    assert viewer.get("/standards/elements/import/").status_code == 403


def test_the_list_is_exported_as_filtered_and_reads_back(office: SimpleNamespace, sexes: CodeSet) -> None:
    client: Client = world.browser(office.viewer)
    content = b"".join(client.get("/standards/elements/?level=L4&export=xlsx"))  # type: ignore[call-overload]
    found = planned(office.author, lines(content))
    assert {row.code for row in found} == set(
        DataElement.objects.filter(current__level="L4").values_list("code", flat=True)
    )
    assert {row.outcome for row in found} == {"same"}
    csv = b"".join(client.get("/standards/elements/?q=性别&export=csv"))  # type: ignore[call-overload]
    assert {row.outcome for row in planned(office.author, lines(csv, "x.csv"))} == {"same"}
    assert csv.decode("utf-8-sig").split(",")[0] == ELEMENTS.names["code"][0]


def test_rest_tries_first_and_writes_when_told(office: SimpleNamespace) -> None:
    client = APIClient()
    client.force_authenticate(office.author)
    content = book(HEAD, NEW, ["BH002", "乙", "", "", "", "", "x9?"])
    body = {"agency": str(office.bureau.pk), "file": upload(content)}
    tried = client.post("/api/v1/elements/import/", body, format="multipart").json()
    assert [(row["code"], row["outcome"], row["taken"]) for row in tried["rows"]] == [
        ("BH001", "new", True), ("BH002", "new", False),
    ]  # fmt: skip
    assert (tried["dry_run"], DataElement.objects.count()) == (True, 0)
    body = {**body, "file": upload(content), "dry_run": "false", "seen": tried["seen"], "take": ["new", "notation"]}
    done = client.post("/api/v1/elements/import/", body, format="multipart").json()
    assert (done["taken"], DataElement.objects.count()) == (2, 2)
    bad = client.post("/api/v1/elements/import/", {**body, "file": upload(b"")}, format="multipart")
    assert bad.status_code == 400
    client.force_authenticate(office.viewer)
    assert (
        client.post("/api/v1/elements/import/", {**body, "file": upload(content)}, format="multipart").status_code
        == 403
    )


def test_identifiers_made_to_be_slow_are_read_at_once() -> None:
    """Digits as long as a cell and an end that is none of an identifier, on every line: tried digit by digit it took minutes."""
    slow = [["1" * 4_999 + "!", ""] for _line in range(2_000)]
    assert [line.values for line in of(["编号", "名称"], ["N1", "新名"], *slow)] == [{"code": "N1", "name": "新名"}]
