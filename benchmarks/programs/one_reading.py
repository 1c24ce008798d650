"""`SOURCE TABLE RULES`: profile and rules in one reading, printed as `python -m scanner` prints each."""

import json
import os
import sys
from pathlib import Path

from scanner.lean import settle, without

settle()
without("pandas")  # as the command line does

from scanner.connectors.registry import open_source  # noqa: E402
from scanner.reading import read_table  # noqa: E402
from scanner.resolve import find_table  # noqa: E402
from scanner.rules import parse_rules  # noqa: E402
from scanner.source import parse_source  # noqa: E402

url, table, rules = sys.argv[1:]
with open_source(*parse_source(url, os.environ.get("SCANNER_PASSWORD"))) as connector:
    parsed = parse_rules(json.loads(Path(rules).read_text(encoding="utf-8")))
    reading = read_table(connector, find_table(connector, table, None), rules=parsed)
columns = [column.as_json() for column in reading.columns]
print(json.dumps({"columns": columns, "results": [result.as_json() for result in reading.results]}, ensure_ascii=False))
