"""`RULES`: the 40 rules as expectations of Great Expectations; prints {rule: count}. Run by its own environment."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe

from benchmarks.peers.sql import WRONG

CONDITIONS = {"csrq >= '20080101'": 'col("csrq") >= "20080101"', "sr >= 100000": 'col("sr") >= 100000'}


def expectation(rule: dict[str, Any]) -> Any:
    kind, columns, given = rule["kind"], rule["columns"], rule["parameters"]
    common: dict[str, Any] = {"meta": {"rule": rule["id"]}}
    if rule["where"] in CONDITIONS:
        common |= {"row_condition": CONDITIONS[rule["where"]], "condition_parser": "great_expectations"}
    if rule["id"] in WRONG and kind in ("checksum", "date_format"):
        return _rows(WRONG[rule["id"]], common)
    match kind:
        case "not_null":
            return gxe.ExpectColumnValuesToNotBeNull(column=columns[0], **common)
        case "unique":
            return gxe.ExpectColumnValuesToBeUnique(column=columns[0], **common)
        case "compound_unique":
            return gxe.ExpectCompoundColumnsToBeUnique(
                column_list=columns, ignore_row_if="any_value_is_missing", **common
            )
        case "matches":
            return gxe.ExpectColumnValuesToMatchRegex(column=columns[0], regex=given["pattern"], **common)
        case "in_set":
            return gxe.ExpectColumnValuesToBeInSet(column=columns[0], value_set=given["values"], **common)
        case "length_between":
            return gxe.ExpectColumnValueLengthsToBeBetween(
                column=columns[0], min_value=given["min"], max_value=given["max"], **common
            )
        case "between":
            return gxe.ExpectColumnValuesToBeBetween(
                column=columns[0], min_value=given["min"], max_value=given["max"], **common
            )
        case "reference":
            known = f"SELECT 1 FROM {given['table']} WHERE {given['columns'][0]} = {columns[0]}"
            return _rows(f"{columns[0]} IS NOT NULL AND NOT EXISTS ({known})", common)
        case "freshness":
            return gxe.ExpectColumnMaxToBeBetween(column=columns[0], min_value="1926-01-01", **common)
        case "row_count":
            return gxe.ExpectTableRowCountToEqual(value=given["min"], **common)
    raise ValueError(kind)


def _rows(condition: str, common: dict[str, Any]) -> Any:
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=f"SELECT id FROM {{batch}} WHERE {condition.replace('{', '{{').replace('}', '}}')}",
        **common,
    )


def main(path: str) -> None:
    rules = json.loads(Path(path).read_text(encoding="utf-8"))
    address = "postgresql+psycopg2://{PGUSER}:{PGPASSWORD}@{PGHOST}:{PGPORT}/{PGDATABASE}".format_map(os.environ)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_postgres("register", connection_string=address)
    batch = (
        source.add_table_asset("population", table_name="population")
        .add_batch_definition_whole_table("all")
        .get_batch()
    )
    suite = gx.ExpectationSuite(name="register", expectations=[expectation(rule) for rule in rules])
    found: dict[str, Any] = {}
    for result in batch.validate(suite, result_format="BASIC").results:
        rule, told = result.expectation_config.meta["rule"], result.result
        if not told:
            sys.exit(f"{rule}: {result.exception_info}")
        found[rule] = told["unexpected_count"] if "unexpected_count" in told else told["observed_value"]
    print(json.dumps(found, default=str))


main(sys.argv[1])
