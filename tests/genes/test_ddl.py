"""DDL as the tools of each product write it becomes columns with types, comments and lines."""

import pytest

from genes.engine import ddl
from genes.engine.ddl import Refused

ORACLE = """
CREATE TABLE "RKXT"."T_RYXX"
   (  "ID" NUMBER(19,0) NOT NULL ENABLE,
  "XM" VARCHAR2(50 CHAR),
  SFZH VARCHAR2(18) DEFAULT 'a,b)' NOT NULL, -- 身份证号
  CSRQ DATE, JE NUMBER(10,2), BZ CLOB, ZP RAW(16), SJ TIMESTAMP (6) WITH LOCAL TIME ZONE,
   CONSTRAINT "PK_RY" PRIMARY KEY ("ID")
  USING INDEX PCTFREE 10 INITRANS 2 MAXTRANS 255 TABLESPACE "USERS"  ENABLE
   ) SEGMENT CREATION IMMEDIATE
  PCTFREE 10 PCTUSED 40 LOGGING TABLESPACE "USERS" ;
/
   COMMENT ON COLUMN "RKXT"."T_RYXX"."XM" IS '姓名';
   COMMENT ON COLUMN RKXT.T_RYXX.SFZH IS '身份''证号';
   COMMENT ON TABLE "RKXT"."T_RYXX"  IS '人员信息';
  CREATE INDEX "I" ON "RKXT"."T_RYXX" ("XM");
"""
DAMENG = """
CREATE TABLE "SYSDBA"."T_QY"
(
"ID" INT IDENTITY(1, 1) NOT NULL,
"QYMC" VARCHAR(200 CHAR),
"TYSHXYDM" VARCHAR(18) COMMENT '统一社会信用代码',
"ZT" BIT DEFAULT 0,
"TP" IMAGE,
NOT CLUSTER PRIMARY KEY("ID")) STORAGE(ON "MAIN", CLUSTERBTR) ;
COMMENT ON COLUMN "SYSDBA"."T_QY"."QYMC" IS '企业名称';
"""
MYSQL = """
/*!40101 SET character_set_client = utf8 */;
DROP TABLE IF EXISTS `t_person`;
CREATE TABLE `t_person` (
  `id` bigint(20) unsigned zerofill NOT NULL AUTO_INCREMENT COMMENT '主键,编号',
  `xm` varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL COMMENT '姓名',
  `je` decimal(10,2) GENERATED ALWAYS AS (`a` * 2) STORED,
  `zt` enum('a','b') DEFAULT 'a',
  `sfyx` tinyint(1) DEFAULT '1',
  `key` text,
  PRIMARY KEY (`id`) USING BTREE,
  UNIQUE KEY `u` (`xm`),
  KEY `i` (`xm`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4 COMMENT='人员表';
"""
POSTGRESQL = """
CREATE TABLE IF NOT EXISTS public.t_person (
    id bigserial PRIMARY KEY,
    xm character varying(50) COLLATE "pg_catalog"."default" NOT NULL,
    xb char CHECK (xb IN ('1', '2')),
    gxsj timestamp(0) without time zone DEFAULT now(),
    bq text[], wz geometry(Point, 4326), key text,
    CONSTRAINT c EXCLUDE USING gist (wz WITH &&)
) PARTITION BY RANGE (gxsj);
COMMENT ON COLUMN t_person.xm IS '姓名';
"""


def columns(text: str, product: str) -> dict[str, ddl.Declared]:
    design = ddl.read(text, product)
    assert design.problems == []
    return {column.name: column for column in design.tables[0].columns}


def test_oracle_with_its_storage_and_comments() -> None:
    design = ddl.read(ORACLE, "oracle")
    table = design.tables[0]
    assert (table.name, table.comment, table.line, design.passed) == ("T_RYXX", "人员信息", 2, 1)
    found = columns(ORACLE, "oracle")
    assert list(found) == ["ID", "XM", "SFZH", "CSRQ", "JE", "BZ", "ZP", "SJ"]
    assert (found["ID"].value_class, found["ID"].digits, found["ID"].decimals) == ("integer", 19, 0)
    assert (found["XM"].length, found["XM"].in_bytes, found["XM"].comment) == (50, False, "姓名")
    assert (found["SFZH"].length, found["SFZH"].in_bytes, found["SFZH"].comment) == (18, True, "身份'证号")
    assert found["SFZH"].line == 5
    assert (found["JE"].value_class, found["JE"].digits, found["JE"].decimals) == ("decimal", 10, 2)
    classes = [found[name].value_class for name in ("CSRQ", "BZ", "ZP", "SJ")]
    assert classes == ["timestamp", "text", "binary", "timestamptz"]


def test_dameng_as_its_manager_writes_it() -> None:
    found = columns(DAMENG, "dameng")
    assert list(found) == ["ID", "QYMC", "TYSHXYDM", "ZT", "TP"]
    assert (found["QYMC"].comment, found["QYMC"].in_bytes) == ("企业名称", False)
    assert (found["TYSHXYDM"].comment, found["TYSHXYDM"].in_bytes) == ("统一社会信用代码", True)
    assert [found[name].value_class for name in ("ID", "ZT", "TP")] == ["integer", "boolean", "binary"]


@pytest.mark.parametrize("product", ["mysql", "mariadb"])
def test_mysql_as_a_dump_writes_it(product: str) -> None:
    found = columns(MYSQL, product)
    assert list(found) == ["id", "xm", "je", "zt", "sfyx", "key"]
    assert (found["id"].comment, found["id"].type, found["id"].value_class) == ("主键,编号", "bigint(20)", "integer")
    assert (found["xm"].comment, found["xm"].length, found["xm"].in_bytes) == ("姓名", 50, False)
    assert [found[name].value_class for name in ("je", "zt", "sfyx")] == ["decimal", "text", "boolean"]
    assert ddl.read(MYSQL, product).tables[0].comment == "人员表"


@pytest.mark.parametrize("product", ["postgresql", "kingbase", "opengauss"])
def test_postgresql_and_its_kin(product: str) -> None:
    found = columns(POSTGRESQL, product)
    assert list(found) == ["id", "xm", "xb", "gxsj", "bq", "wz", "key"]
    assert (found["xm"].comment, found["xm"].length) == ("姓名", 50)
    assert found["xb"].length == 1
    assert [found[name].value_class for name in ("id", "gxsj", "bq", "wz")] == ["integer", "timestamp", "", ""]


def test_kingbase_counts_characters_as_oracle_writes_them() -> None:
    found = columns(
        'CREATE TABLE "t" ("xm" varchar2(50 char) NOT NULL, "bz" varchar(20 byte)) TABLESPACE sys_default', "kingbase"
    )
    assert (found["xm"].length, found["xm"].in_bytes) == (50, False)
    assert (found["bz"].length, found["bz"].in_bytes) == (20, True)


def test_sqlite_without_types_and_with_any_names() -> None:
    found = columns('CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, xm, "😀" TEXT, "按 键" text)', "sqlite")
    assert list(found) == ["id", "xm", "😀", "按 键"]
    assert (found["xm"].type, found["xm"].value_class) == ("", "")


def test_what_is_wrong_with_one_statement_is_told_with_its_line_beside_the_others() -> None:
    text = "create table a (x int);\ncreate table b (y int;\ncreate table c as select 1;\ncreate table d (((x)));\ncomment on column a.z is 'z';"
    design = ddl.read(text, "postgresql")
    assert [table.name for table in design.tables] == ["a"]
    assert [(problem.key, problem.line) for problem in design.problems] == [
        ("open_bracket", 2), ("no_columns", 3), ("bad_name", 4), ("comment_of_nothing", 5),
    ]  # fmt: skip


def test_a_forgotten_comma_is_noticed() -> None:
    found = columns("create table a (x int y varchar(5), z int)", "postgresql")
    assert [column.readable for column in found.values()] == [False, True]


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("", "no_table", 0),
        ("中文，乱写", "no_table", 0),
        ("select 1", "no_table", 0),
        ("x " * 200_000, "too_long", 0),
        ("create table a (\nx varchar(5) comment 'abc", "token", 2),
        ("create table a (x int /* open", "token", 0),
        (f"create table a ({','.join(f'c{n} int' for n in range(10_000))})", "too_many", 1),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(text: str, key: str, line: int) -> None:
    with pytest.raises(Refused) as caught:
        ddl.read(text, "postgresql")
    assert (caught.value.problem.key, caught.value.problem.line) == (key, line)


@pytest.mark.parametrize(
    "text", ["(" * 9_000, "array<" * 3_000, "[" * 5_000, "case when " * 3_000, "a(" * 39 + ")" * 39]
)
def test_nesting_ends_in_a_word_not_in_a_crash(text: str) -> None:
    design = ddl.read(f"create table a (x {text})", "postgresql")
    assert design.problems or not design.tables[0].columns[0].value_class


@pytest.mark.parametrize("product", ddl.READ)
def test_a_length_that_no_product_has_is_none(product: str) -> None:
    """Five thousand digits are more than a number of Python is made of."""
    nines = "9" * 5_000
    found = ddl.read(f"CREATE TABLE t (a varchar({nines}), b decimal({nines},{nines}), c char(9))", product)
    assert [(one.length, one.digits) for one in found.tables[0].columns] == [(None, None), (None, None), (9, None)]
