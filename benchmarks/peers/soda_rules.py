"""`RULES`: the 40 rules as Soda checks; prints what each found as JSON {rule: count}. Run by Soda's own environment."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from soda.scan import Scan

from benchmarks.peers.sql import WRONG

CONNECTION = """
data_source register:
  type: postgres
  host: ${PGHOST}
  port: ${PGPORT}
  username: ${PGUSER}
  password: ${PGPASSWORD}
  database: ${PGDATABASE}
  schema: public
"""


def check(rule: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A Soda check of one rule: the line and what stands under it."""
    kind, columns, given = rule["kind"], ", ".join(rule["columns"]), rule["parameters"]
    if rule["id"] in WRONG:
        metric = rule["id"].replace("-", "_")
        return f"{metric} = 0", {f"{metric} expression": f"count(CASE WHEN {WRONG[rule['id']]} THEN 1 END)"}
    match kind:
        case "not_null":
            return f"missing_count({columns}) = 0", {}
        case "unique" | "compound_unique":
            return f"duplicate_count({columns}) = 0", {}
        case "matches":
            return f"invalid_count({columns}) = 0", {"valid regex": given["pattern"]}
        case "in_set":
            return f"invalid_count({columns}) = 0", {"valid values": given["values"]}
        case "length_between":
            return f"invalid_count({columns}) = 0", {"valid min length": given["min"], "valid max length": given["max"]}
        case "between":
            return f"invalid_count({columns}) = 0", {"valid min": given["min"], "valid max": given["max"]}
        case "reference":
            return f"values in ({columns}) must exist in {given['table']} ({given['columns'][0]})", {}
        case "freshness":
            return f"freshness({columns}) < 36500d", {}
        case "row_count":
            return f"row_count = {given['min']}", {}
    raise ValueError(kind)


def checks(rules: list[dict[str, Any]]) -> Iterator[Any]:
    for rule in rules:
        line, under = check(rule)
        limited = {"filter": rule["where"]} if rule["where"] and rule["id"] not in WRONG else {}
        yield {line: {"name": rule["id"]} | under | limited}


def main(path: str) -> None:
    rules = json.loads(Path(path).read_text(encoding="utf-8"))
    scan = Scan()
    scan.set_scan_definition_name("register")
    scan.set_data_source_name("register")
    scan.add_configuration_yaml_str(CONNECTION)
    scan.add_sodacl_yaml_str(json.dumps({"checks for population": list(checks(rules))}))  # JSON is YAML
    scan.execute()
    if scan.has_error_logs():
        sys.exit(scan.get_error_logs_text())
    found = {check["name"]: check["diagnostics"].get("value") for check in scan.get_scan_results()["checks"]}
    print(json.dumps(found, default=str))


main(sys.argv[1])
