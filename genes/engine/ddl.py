"""Columns out of the DDL that people paste: names, types and comments of CREATE TABLE, COMMENT ON of those without.

sqlglot's tokenizer reads the text and its parser the types and the COMMENT statements. What only steers storage (TABLESPACE,
ENABLE, NOT CLUSTER, ENGINE …) differs between releases of one product and says nothing of a column, so it is passed over by
its tokens. Nothing is executed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sqlglot import exp, parse_one
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined]

from scanner.model import ValueClass

SIZE = 256 << 10  # characters; a second or two of reading
DEPTH = 40  # brackets within brackets
COLUMNS = 2_000
NAME = 200  # characters
# Product → the dialect that reads it. 达梦 keeps to Oracle, 人大金仓 and openGauss to PostgreSQL, MariaDB to MySQL.
READ: Mapping[str, str] = {
    "postgresql": "postgres", "kingbase": "postgres", "opengauss": "postgres", "mysql": "mysql", "mariadb": "mysql",
    "oracle": "oracle", "dameng": "oracle", "sqlite": "sqlite",
}  # fmt: skip
# What ends the type of a column: the first word of a constraint or of an option.
_ENDING = (
    "NOT NULL DEFAULT PRIMARY UNIQUE CHECK REFERENCES CONSTRAINT COMMENT COLLATE GENERATED IDENTITY AUTO_INCREMENT AUTOINCREMENT "
    "ENABLE DISABLE ON CHARSET KEY AS INVISIBLE VISIBLE VIRTUAL STORED ENCRYPT STORAGE COMPRESSION DEFERRABLE SORT FOREIGN "
    "USING ENCODE UNSIGNED SIGNED ZEROFILL"
)
_ENDS = frozenset(_ENDING.split())
# First words of the parts of a table that are no columns; the second only where a bare name cannot be meant.
_PARTS = frozenset(
    [
        "CONSTRAINT",
        "PRIMARY",
        "UNIQUE",
        "FOREIGN",
        "CHECK",
        "EXCLUDE",
        "LIKE",
        "SUPPLEMENTAL",
        "NOT",
        "CLUSTER",
        "PERIOD",
    ]
)
_KEYS = frozenset(["KEY", "INDEX", "FULLTEXT", "SPATIAL"])


@dataclass(frozen=True)
class Declared:
    """A column as it is declared. ``value_class`` "" where the type is not known to us."""

    name: str
    type: str = ""
    comment: str = ""
    line: int = 0
    value_class: str = ""
    length: int | None = None  # of text
    in_bytes: bool = False  # the length counts bytes
    digits: int | None = None  # of a number, in all
    decimals: int | None = None
    readable: bool = True  # the type was understood


@dataclass
class Table:
    name: str
    line: int
    comment: str = ""
    columns: list[Declared] = field(default_factory=list)


class Problem(NamedTuple):
    """``key`` is one of genes.advice; ``facts`` fill its sentence."""

    key: str
    line: int = 0
    facts: Mapping[str, Any] = {}


@dataclass
class Design:
    """What a text declares. ``passed``: how many statements say nothing of columns."""

    tables: list[Table] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    passed: int = 0


class Refused(ValueError):
    """A text of which nothing can be read."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.key)


def read(text: str, product: str) -> Design:
    """The tables of a text in the words of a product (a key of READ). Raises Refused; what is wrong with one statement is told beside the others."""
    if len(text) > SIZE:
        raise Refused(Problem("too_long", facts={"most": SIZE >> 10}))
    try:
        tokens = Dialect.get_or_raise(READ[product]).tokenize(text)
    except TokenError as error:
        raise Refused(Problem("token", *_place(error))) from None
    design, count = Design(), 0
    for statement in _statements(tokens):
        try:
            _take(statement, text, product, design)
        except Refused as error:
            design.problems.append(error.problem)
        except (ParseError, TokenError, RecursionError) as error:
            design.problems.append(Problem("syntax", statement[0].line, {"said": _short(error)}))
        count = sum(len(table.columns) for table in design.tables)
        if count > COLUMNS:
            raise Refused(Problem("too_many", statement[0].line, {"most": COLUMNS}))
    if not count and not design.problems:
        raise Refused(Problem("no_table"))
    return design


def _statements(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """A slash alone ends a statement in scripts of Oracle and 达梦."""
    held: list[Token] = []
    for token in [*tokens, None]:
        if token is not None and token.token_type != TokenType.SEMICOLON:
            if held or token.token_type != TokenType.SLASH:
                held.append(token)
        elif held:
            yield held
            held = []


def _take(statement: list[Token], text: str, product: str, design: Design) -> None:
    words = [_word(token) for token in statement[:8]]
    if words[0] == "CREATE" and "TABLE" in words:
        table = _table(statement, words.index("TABLE") + 1, text, product)
        if table.columns:
            design.tables.append(table)
    elif words[:2] == ["COMMENT", "ON"] and len(words) > 2 and words[2] in ("COLUMN", "TABLE"):
        said = parse_one(text[statement[0].start : statement[-1].end + 1], read=READ[product])
        _comment(said, statement[0].line, design)
    else:
        design.passed += 1


def _table(statement: list[Token], start: int, text: str, product: str) -> Table:
    place, name = start, ""
    while place < len(statement) and statement[place].token_type != TokenType.L_PAREN:
        if _word(statement[place]) == "AS":
            break
        if statement[place].token_type != TokenType.DOT:
            name = statement[place].text
        place += 1
    line = statement[0].line
    if place >= len(statement) or statement[place].token_type != TokenType.L_PAREN:
        raise Refused(Problem("no_columns", line, {"table": name[:NAME]}))
    table, items, end = Table(name[:NAME], line), *_items(statement, place)
    for item in items:
        if not _is_part(item, product):
            table.columns.append(_column(item, text, product))
    if not table.columns:
        raise Refused(Problem("no_columns", line, {"table": table.name}))
    table.comment = _told(statement[end + 1 :])
    return table


def _items(statement: list[Token], start: int) -> tuple[list[list[Token]], int]:
    """What stands between the commas of a bracket, and the place of its end."""
    items: list[list[Token]] = [[]]
    depth = 0
    for place in range(start, len(statement)):
        token = statement[place]
        if token.token_type == TokenType.L_PAREN:
            depth += 1
            if depth > DEPTH:
                raise Refused(Problem("too_deep", token.line, {"most": DEPTH}))
            if depth == 1:
                continue
        elif token.token_type == TokenType.R_PAREN:
            depth -= 1
            if depth == 0:
                return [item for item in items if item], place
        if depth == 1 and token.token_type == TokenType.COMMA:
            items.append([])
        else:
            items[-1].append(token)
    raise Refused(Problem("open_bracket", statement[start].line))


def _is_part(item: list[Token], product: str) -> bool:
    word = _word(item[0]).split(" ")[0]
    return word in _PARTS or (word in _KEYS and READ[product] == "mysql")


def _column(item: list[Token], text: str, product: str) -> Declared:
    name, line = item[0].text, item[0].line
    if not name.strip() or len(name) > NAME or item[0].token_type in (TokenType.L_PAREN, TokenType.NUMBER):
        raise Refused(Problem("bad_name", line, {"name": name[:40]}))
    depth, end = 0, 1
    for end, token in enumerate(item[1:], 1):
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        following = _word(item[end + 1]) if end + 1 < len(item) else ""
        characters = _word(token) == "CHARACTER" and following == "SET"
        if depth == 0 and (_word(token).split(" ")[0] in _ENDS or characters):
            break
    else:
        end = len(item)
    kind = " ".join(text[item[1].start : item[end - 1].end + 1].split()) if end > 1 else ""
    return typed(Declared(name, kind, _told(item[end:]), line), product)


def _told(tokens: Sequence[Token]) -> str:
    """The text after COMMENT, outside of brackets; MySQL may write COMMENT = '…'."""
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        if depth == 0 and _word(token) == "COMMENT":
            for after in tokens[place + 1 : place + 3]:
                if after.token_type in (TokenType.STRING, TokenType.NATIONAL_STRING):
                    return after.text.strip()
    return ""


def _comment(said: Any, line: int, design: Design) -> None:
    """COMMENT ON belongs to a table above it; the schema may be written in one place and not in the other."""
    told = said.expression.name.strip() if isinstance(said, exp.Comment) and said.expression else ""
    about = said.this if isinstance(said, exp.Comment) else None
    if isinstance(about, exp.Column):
        for table in design.tables:
            if about.table.lower() == table.name.lower():
                for place, column in enumerate(table.columns):
                    if column.name.lower() == about.name.lower():
                        table.columns[place] = replace(column, comment=told)
                        return
        design.problems.append(Problem("comment_of_nothing", line, {"name": f"{about.table}.{about.name}"[:NAME]}))
    elif isinstance(about, exp.Table):
        for table in design.tables:
            if about.name.lower() == table.name.lower():
                table.comment = told


def typed(column: Declared, product: str) -> Declared:
    """The column with what its type says: the class of its values, and how long or wide they may be."""
    if not column.type:
        return column
    try:
        found = parse_one(column.type, read=READ[product], into=exp.DataType)
    except (ParseError, TokenError, RecursionError, ValueError):
        words = column.type.partition("(")[0].upper().split()
        if words in _BYTES:
            return replace(column, value_class=ValueClass.BINARY)
        return replace(column, readable=len(words) == 1)  # of several words perhaps a comma is missing
    kind = found.this
    sizes = [part for part in found.expressions if isinstance(part, exp.DataTypeParam)]
    numbers = [int(size.name) if size.name.isdecimal() and len(size.name) < 10 else None for size in sizes[:2]]
    first, second = (*numbers, None, None)[:2]
    value_class = _value_class(found, first, second, READ[product])
    if value_class == ValueClass.TEXT:
        unit = sizes[0].args.get("expression") if sizes else None
        # Oracle and 达梦 count bytes unless CHAR is written; NVARCHAR2 counts characters.
        national = kind in (exp.DataType.Type.NVARCHAR, exp.DataType.Type.NCHAR)
        in_bytes = unit.name.upper() == "BYTE" if unit else READ[product] == "oracle" and not national
        single = kind in (exp.DataType.Type.CHAR, exp.DataType.Type.NCHAR, exp.DataType.Type.BPCHAR)
        return replace(
            column, value_class=value_class, length=first or (1 if single else None), in_bytes=in_bytes and bool(first)
        )
    exact = kind in (exp.DataType.Type.DECIMAL,) and first is not None
    return replace(
        column, value_class=value_class, digits=first if exact else None, decimals=(second or 0) if exact else None
    )


_BYTES = (["RAW"], ["LONG", "RAW"], ["IMAGE"], ["LONGVARBINARY"])
_TEMPORAL = {
    exp.DataType.Type.DATE: ValueClass.DATE, exp.DataType.Type.DATE32: ValueClass.DATE, exp.DataType.Type.TIME: ValueClass.TIME,
    exp.DataType.Type.TIMETZ: ValueClass.TIME, exp.DataType.Type.TIMESTAMPTZ: ValueClass.TIMESTAMPTZ,
    exp.DataType.Type.TIMESTAMPLTZ: ValueClass.TIMESTAMPTZ,
}  # fmt: skip
_BINARY = {
    exp.DataType.Type.BINARY, exp.DataType.Type.VARBINARY, exp.DataType.Type.BLOB, exp.DataType.Type.LONGBLOB,
    exp.DataType.Type.MEDIUMBLOB, exp.DataType.Type.TINYBLOB, exp.DataType.Type.IMAGE,
}  # fmt: skip


def _value_class(found: exp.DataType, first: int | None, second: int | None, dialect: str) -> str:
    kind, types = found.this, exp.DataType
    if kind == types.Type.DATE and dialect == "oracle":
        return ValueClass.TIMESTAMP  # it has a time of day
    if kind in _TEMPORAL:
        return _TEMPORAL[kind]
    if kind in types.TEMPORAL_TYPES:
        return ValueClass.TIMESTAMP
    if kind in (types.Type.BOOLEAN, types.Type.BIT) or (
        kind == types.Type.TINYINT and first == 1 and dialect == "mysql"
    ):
        return ValueClass.BOOLEAN
    if kind in types.TEXT_TYPES or kind in (
        types.Type.BPCHAR,
        types.Type.ENUM,
        types.Type.LONGTEXT,
        types.Type.MEDIUMTEXT,
        types.Type.TINYTEXT,
    ):
        return ValueClass.TEXT
    if kind == types.Type.DECIMAL:
        return ValueClass.INTEGER if first is not None and not second else ValueClass.DECIMAL
    if kind in types.INTEGER_TYPES or kind in (types.Type.SERIAL, types.Type.BIGSERIAL, types.Type.SMALLSERIAL):
        return ValueClass.INTEGER
    if kind in types.FLOAT_TYPES:
        return ValueClass.FLOAT
    return ValueClass.BINARY if kind in _BINARY else ""


def _word(token: Token) -> str:
    """The word that a token is, "" for quoted names, texts and signs."""
    quoted = token.token_type in (TokenType.IDENTIFIER, TokenType.STRING, TokenType.NATIONAL_STRING)
    return "" if quoted else token.text.upper()


def _place(error: TokenError) -> tuple[int, Mapping[str, Any]]:
    """(line, facts) of what the tokenizer found open: it says "Missing ' from 2:38"."""
    said = str(error.__cause__ or "")
    sign, _from, place = said.removeprefix("Missing ").partition(" from ")
    line = place.partition(":")[0]
    return (int(line) if line.isdecimal() else 0), {"sign": sign if place else "*/"}


def _short(error: BaseException) -> str:
    """What the parser says, without the marks for a terminal and without the text itself."""
    errors = getattr(error, "errors", None)
    said = str(errors[0].get("description") or "") if errors else type(error).__name__
    return said[:120]
