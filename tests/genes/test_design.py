"""What is to be built, held against the standard: page and REST."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from standards.services.seed import adopt_shipped
from tests.assets.support import city  # noqa: F401  fixture
from tests.genes.test_ddl import DAMENG

pytestmark = pytest.mark.django_db
HERE = "/api/v1/design-check/"
PERSON = """CREATE TABLE t_ry (
  xm varchar(20),
  gmsfhm varchar(15),
  xb int,
  csrq varchar(20),
  mz char(2),
  nonsense blob,
  xm varchar(20)
);
COMMENT ON COLUMN t_ry.xm IS '姓名';
COMMENT ON COLUMN t_ry.gmsfhm IS '公民身份号码';
COMMENT ON COLUMN t_ry.mz IS '民族';
COMMENT ON COLUMN t_ry.xb IS '性别';
COMMENT ON COLUMN t_ry.csrq IS '出生日期';
"""


@pytest.fixture
def client(city: SimpleNamespace) -> APIClient:  # noqa: F811
    adopt_shipped(actor=None, agency=city.top, code_sets=("GB/T 2261.1", "GB/T 3304"))
    client = APIClient()
    client.force_authenticate(city.police.viewer)
    return client


def checked(client: APIClient, text: str, product: str = "postgresql", kind: str = "ddl") -> Any:
    answer = client.post(HERE, {"text": text, "product": product, "kind": kind}, format="json")
    assert answer.status_code == 200, answer.json()
    return answer.json()


def test_each_column_has_its_element_its_deviations_and_its_line(client: APIClient) -> None:
    found = checked(client, PERSON)
    assert (found["columns"], found["problems"], found["passed"]) == (7, [], 0)
    table = found["tables"][0]
    rows = {row["name"]: row for row in table["columns"]}
    number = rows["gmsfhm"]
    assert number["suggestion"]["best"]["name"] == "公民身份号码"
    assert number["line"] == 3
    assert number["grave"] == ["长度 15 不够，数据格式 an18 需要 18 个字符"]
    assert number["declaration"] == '"gmsfhm" char(18)'
    assert number["comment_statement"] == f"COMMENT ON COLUMN {table['name']}.\"gmsfhm\" IS '公民身份号码';"
    assert number["level"] == 4
    assert number["level_reasons"][0]["key"] == "element"
    assert table["level"] == 4
    assert "取值应引用代码集 GB/T 2261.1" in rows["xb"]["advice"]
    assert rows["nonsense"]["suggestion"]["best"] is None
    assert rows["nonsense"]["declaration"] == ""
    assert rows["nonsense"]["grave"] == ["缺少注释"]
    assert rows["xm"]["grave"][:2] == ["同一张表中有 2 个字段叫这个名称", "缺少注释"]
    assert rows["mz"]["grave"] == []
    schema = table["json_schema"]["properties"]["gmsfhm"]
    assert (schema["title"], schema["minLength"], schema["maxLength"]) == ("公民身份号码", 18, 18)


@pytest.mark.parametrize(
    ("product", "said"),
    [
        ("oracle", "COMMENT ON COLUMN t_ry.\"xm\" IS '姓名（it''s）';"), ("dameng", "COMMENT ON COLUMN t_ry.\"xm\" IS '姓名（it''s）';"),
        ("mysql", ""), ("mariadb", ""), ("sqlite", ""),
    ],
)  # fmt: skip
def test_each_product_is_told_its_own_way_to_comment(client: APIClient, product: str, said: str) -> None:
    text = "表名,字段名,类型,中文名\nt_ry,xm,varchar(50),姓名（it's）\n"
    row = checked(client, text, product, "list")["tables"][0]["columns"][0]
    assert row["suggestion"]["best"]["name"] == "姓名"
    assert row["comment_statement"] == said
    assert ("COMMENT" in row["declaration"]) == (product in ("mysql", "mariadb"))


def test_codes_with_leading_zeros_are_no_numbers(client: APIClient) -> None:
    row = checked(client, "create table t (mz int); comment on column t.mz is '民族'")["tables"][0]["columns"][0]
    assert row["grave"] == ["代码有前导零（如 01），类型 int 会丢掉零，应为 char(2)"]


def test_bytes_are_no_characters_in_oracle_and_dameng(client: APIClient) -> None:
    text = "create table t (xm varchar2(60)); comment on column t.xm is '姓名';"
    row = checked(client, text, "oracle")["tables"][0]["columns"][0]
    assert [said.partition("，")[0] for said in row["grave"]] == ["长度 60 按字节计"]
    assert "char)" in row["declaration"]
    wide = text.replace("(60)", "(600 char)")
    assert checked(client, wide, "oracle")["tables"][0]["columns"][0]["grave"] == []
    assert (
        checked(client, DAMENG, "dameng")["tables"][0]["columns"][2]["suggestion"]["best"]["name"] == "统一社会信用代码"
    )


def test_names_are_held_against_those_of_the_element(client: APIClient) -> None:
    text = "create table t (a9 varchar(18), gmsfhm char(18)); comment on column t.a9 is '公民身份号码'; comment on column t.gmsfhm is '公民身份号码'"
    first, second = checked(client, text)["tables"][0]["columns"]
    assert [said for said in first["advice"] if said.startswith("名称不是数据元的英文名或短名")]
    assert not [said for said in second["advice"] if said.startswith("名称")]


def test_a_pasted_list_of_columns_is_read_by_its_head(client: APIClient) -> None:
    text = "表名\t字段名\t类型\t中文名\nt_ry\txm\tvarchar(50)\t姓名\nt_qy\ttyshxydm\tvarchar(18)\t统一社会信用代码\nt_ry\t\tint\t\n"
    found = checked(client, text, kind="list")
    assert [(table["name"], [row["name"] for row in table["columns"]]) for table in found["tables"]] == [
        ("t_ry", ["xm"]), ("t_qy", ["tyshxydm"]),
    ]  # fmt: skip
    assert found["tables"][0]["columns"][0]["line"] == 2
    assert found["problems"] == ["第 4 行：此处应为字段名："]


def test_one_column_and_many_cost_the_same_number_of_queries(client: APIClient) -> None:
    checked(client, PERSON)
    counts = []
    for text in (
        "create table t (xb char(1)); comment on column t.xb is '性别'",
        PERSON + PERSON.replace("t_ry", "t_b"),
    ):
        with CaptureQueriesContext(connection) as queries:
            checked(client, text)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


@pytest.mark.parametrize(
    ("body", "pointer", "said"),
    [
        ({"text": "select 1"}, "/text", "没有找到 CREATE TABLE 语句。"),
        ({"text": "create table a (x varchar(5) default 'x"}, "/text", "第 1 行：引号或注释没有结束"),
        ({"text": "姓名\n1", "kind": "list"}, "/text", "前 20 行没有表头"),
        ({"text": "create table a (x int)", "product": "db2"}, "/product", ""),
        ({"text": "x" * 300_000}, "/text", ""),
        ({}, "/text", ""),
    ],
)
def test_what_cannot_be_read_is_said_by_field(client: APIClient, body: dict[str, Any], pointer: str, said: str) -> None:
    answer = client.post(HERE, {"product": "oracle", **body}, format="json")
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert answer.json()["errors"][0]["detail"].startswith(said)


def test_the_page_shows_the_same_and_keeps_what_was_pasted(client: APIClient, city: SimpleNamespace) -> None:  # noqa: F811
    browser = Client()
    browser.force_login(city.police.viewer)
    assert browser.get("/genes/design/").status_code == 200
    body = {"product": "postgresql", "kind": "ddl", "text": PERSON + "drop table <script>alert(1)</script>;"}
    shown = browser.post("/genes/design/", body)
    page = shown.content.decode()
    assert shown.status_code == 200
    assert "长度 15 不够，数据格式 an18 需要 18 个字符" in page
    assert "&quot;gmsfhm&quot; char(18)" in page
    assert "<script>alert(1)" not in page
    assert "drop table &lt;script&gt;" in page
    assert "1 条语句与字段无关" in page
    refused = browser.post("/genes/design/", {**body, "text": "create table a (x int"})
    assert "第 1 行：括号没有结束。" in refused.content.decode()
    nothing = browser.post("/genes/design/", {**body, "text": "select 1"})
    assert (nothing.status_code, "没有找到 CREATE TABLE 语句" in nothing.content.decode()) == (422, True)
