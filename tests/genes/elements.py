"""A catalogue file in the form of the command line, made of the elements that the platform ships."""

import csv
from pathlib import Path

from standards import seeds

HEAD = (
    "element_id",
    "name_zh",
    "name_en",
    "pinyin_initials",
    "pinyin_full",
    "format",
    "reference",
    "code_set_or_check",
    "sensitivity_level",
)


def write(path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEAD)
        for row in seeds.element_rows():
            check = row["values_note"] or ("checksum" if row["check_scheme"] else "-")
            form = f"{row['notation']} {row['unit']}".strip()
            writer.writerow(
                [row["code"], row["name"], row["english_name"], "", "", form, row["reference"], check, row["level"]]
            )
    return path
