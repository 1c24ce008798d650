"""Many small tables, as an agency's database has them: 15 to 23 columns with comments, keys, indexes, a few rows."""

import sys

import psycopg2

NAMES = (
    ("dm", "varchar(18)", "代码"), ("mc", "varchar(200)", "名称"), ("lx", "varchar(2)", "类型"), ("xzqh", "varchar(6)", "行政区划代码"),
    ("je", "numeric(14,2)", "金额"), ("sl", "integer", "数量"), ("qsrq", "date", "起始日期"), ("jzrq", "varchar(8)", "截止日期"),
    ("zt", "smallint", "状态"), ("bz", "text", "备注"), ("gxsj", "timestamp", "更新时间"),
)  # fmt: skip
WORDS = (
    "户籍",
    "婚姻",
    "社保",
    "医保",
    "企业",
    "许可",
    "处罚",
    "车辆",
    "房产",
    "学籍",
    "就业",
    "低保",
    "残疾",
    "养老",
    "气象",
)
BATCH = 50  # tables a statement


def widths(tables: int) -> list[int]:
    """How many columns each table has."""
    return [15 + table * 5 % 8 + (table % 6 == 0) for table in range(tables)]


def statements(table: int, width: int) -> str:
    """One table: its definition, comments, index, a reference to the first table, two rows."""
    name = f"t{table:05d}"
    columns = [("id", "bigint PRIMARY KEY", "记录编号"), ("fid", "bigint", "上级编号")]
    columns += [(f"{short}{place}", kind, f"{said}{place}") for place in range(2) for short, kind, said in NAMES][
        : width - 2
    ]
    definition = ", ".join(f"{column} {kind}" for column, kind, _ in columns)
    parts = [f"CREATE TABLE {name} ({definition})"]
    parts += [f"COMMENT ON TABLE {name} IS '{WORDS[table % len(WORDS)]}信息表{table}'"]
    parts += [f"COMMENT ON COLUMN {name}.{column} IS '{said}'" for column, _, said in columns]
    parts += [f"CREATE INDEX {name}_xzqh ON {name} (xzqh0, lx0)"]
    if table % 3 == 1:
        parts += [f"ALTER TABLE {name} ADD FOREIGN KEY (fid) REFERENCES t00000 (id)"]
    parts += [f"INSERT INTO {name} (id, dm0, mc0) VALUES (1, '33{table:05d}', '甲'), (2, NULL, '乙')"]
    return ";".join(parts)


def main(tables: int) -> None:
    """Fill the database that the environment names."""
    connection = psycopg2.connect("")
    connection.autocommit = True
    shapes = list(enumerate(widths(tables)))
    with connection.cursor() as cursor:
        for start in range(0, tables, BATCH):
            cursor.execute(";".join(statements(table, width) for table, width in shapes[start : start + BATCH]))
        cursor.execute("ANALYZE")
        cursor.execute("CHECKPOINT")


if __name__ == "__main__":
    main(int(sys.argv[1]))
