"""The printed form of element standards: a block an element, each line a label and its value (GB/T 19488.1, WS/T 363)."""

from standards.tables import Grid, Labels, Table, plain, tidy

DISTINCT = 3  # labels that stand first in their rows before a sheet counts as printed


def is_printed(grid: Grid, labels: Labels) -> bool:
    """Whether labels stand below each other rather than beside each other."""
    firsts = {pairs[0][0] for row in grid if (pairs := _pairs(row, labels))}
    return len(firsts) >= DISTINCT


def read_printed(grid: Grid, labels: Labels) -> Table:
    """A row for each block, at the line on which it begins. A block begins where its first needed label comes again."""
    rows: list[tuple[int, dict[str, str]]] = []
    opening = ""
    for line, row in enumerate(grid, 1):
        for key, value in _pairs(row, labels):
            opening = opening or (key if key in (labels.opening or labels.needed) else "")
            if not rows or (key == opening and key in rows[-1][1]):
                rows.append((line, {}))
            block = rows[-1][1]
            # A label held over several rows repeats; what it says then goes on.
            block[key] = f"{block[key]}\n{value}" if block.get(key) and value else value or block.get(key, "")
    blank = dict.fromkeys({key for _line, block in rows for key in block}, "")
    return Table(
        [
            (line, {**blank, **{key: plain(text) if key in labels.plain else text for key, text in block.items()}})
            for line, block in rows
            if any(block.values())
        ]
    )


def _pairs(row: list[str], labels: Labels) -> list[tuple[str, str]]:
    """(key, value) of each label of a row; merged cells repeat their text and count once."""
    cells = [cell for place, cell in enumerate(map(tidy, row)) if not place or cell != tidy(row[place - 1])]
    found = []
    place = 0
    while place < len(cells):
        if key := labels.key(cells[place]):
            found.append((key, cells[place + 1] if place + 1 < len(cells) else ""))
            place += 1
        elif cells[place] and not found:
            return []  # something else stands first: a title, a note
        place += 1
    return found
