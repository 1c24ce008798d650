"""DataHub's ingestion of a PostgreSQL database into a file, with or without profiles, as a recipe for its command line."""

import json
from pathlib import Path
from typing import Any


def write(folder: Path, name: str, *, table: str | None) -> tuple[Path, Path]:
    """The recipe and the file it will write. With a table (`schema.name`) that table alone, profiled in full."""
    target = folder / f"{name}.json"
    config: dict[str, Any] = {
        "host_port": "${PGHOST}:${PGPORT}",
        "username": "${PGUSER}",
        "password": "${PGPASSWORD}",
        "database": "${PGDATABASE}",
        "schema_pattern": {"allow": ["^public$"]},
    }
    if table is not None:
        config["table_pattern"] = {"allow": [rf".*\.{table.replace('.', '[.]')}$"]}
        config["profiling"] = {
            "enabled": True,
            "include_field_quantiles": True,
            "include_field_distinct_value_frequencies": True,
            "include_field_histogram": True,
        }
    recipe = {
        "source": {"type": "postgres", "config": config},
        "sink": {"type": "file", "config": {"filename": str(target)}},
    }
    path = folder / f"{name}.yml"
    path.write_text(json.dumps(recipe, indent=1), encoding="utf-8")  # JSON is YAML
    return path, target


def profiles(target: Path) -> list[dict[str, Any]]:
    """The dataset profiles in a file that was written."""
    return [record["aspect"]["json"] for record in _records(target) if record.get("aspectName") == "datasetProfile"]


def tables(target: Path) -> list[list[str]]:
    """The names of the fields of each table in a file that was written."""
    snapshots = [record["proposedSnapshot"] for record in _records(target) if "proposedSnapshot" in record]
    aspects = [aspect for snapshot in snapshots for kind in snapshot.values() for aspect in kind["aspects"]]
    schemas = [found for aspect in aspects for name, found in aspect.items() if name.endswith("SchemaMetadata")]
    return [[field["fieldPath"] for field in schema["fields"]] for schema in schemas]


def _records(target: Path) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(target.read_text(encoding="utf-8"))
    return records
