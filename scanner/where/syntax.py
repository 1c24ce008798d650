"""From the text of a condition to its tree. The grammar is the allow-list: what is not in it cannot be said.

condition  = all { OR all }            all     = single { AND single }
single     = NOT single | "(" condition ")" | operand predicate
predicate  = ("=" | "<>" | "!=" | "<" | "<=" | ">" | ">=") operand
           | IS [NOT] NULL | [NOT] IN "(" constant { "," constant } ")"
           | [NOT] BETWEEN operand AND operand | [NOT] LIKE string
operand    = column | constant         constant = string | number | TRUE | FALSE | DATE '…' | TIME '…' | TIMESTAMP '…'
column     = word | "name" | `name`, a quote inside a name being doubled
"""

import re
import unicodedata
from dataclasses import dataclass

from scanner.errors import said
from scanner.model import Column, Table, ValueClass
from scanner.where.literals import Constant, Mismatch, canonical, common_class, widened
from scanner.where.tree import MIRRORED, And, Compare, In, IsNull, Like, Node, Not, Or

MAX_BYTES = 20_000
MAX_DEPTH = 50

_RESERVED = {"AND", "OR", "NOT", "IN", "BETWEEN", "IS", "NULL", "LIKE", "TRUE", "FALSE"}
_STATEMENTS = {"SELECT", "WITH", "VALUES", "TABLE", "UNION", "EXISTS", "CASE", "CAST"}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>--|/\*|\#)
      | (?P<string>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")+"|`(?:[^`]|``)+`)
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?(?![\w$]))
      | (?P<word>[^\W\d][\w$]*)
      | (?P<symbol><=|>=|<>|!=|[=<>(),+-])""",
    re.VERBOSE,
)


class Rejected(ValueError):
    """A text that is no condition; the message says what is not allowed."""


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # string, quoted, number, word, symbol, end
    text: str

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.upper() in words

    def is_symbol(self, *symbols: str) -> bool:
        return self.kind == "symbol" and self.text in symbols


def parse_tree(text: str, table: Table) -> Node:
    """The tree of a condition over the table's columns; raises Rejected."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise Rejected(said("a condition is at most {limit} bytes long", limit=MAX_BYTES))
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r":
            raise Rejected(
                said("the control character {character} is not allowed", character=f"U+{ord(character):04X}")
            )
    parser = _Parser(_tokens(text), table)
    node = parser.condition()
    parser.end()
    return node


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            rest = text[position : position + 20]
            raise Rejected(
                said("quotes are not closed at {text!r}" if rest[0] in "'\"`" else "{text!r} is not allowed", text=rest)
            )
        if found.lastgroup == "comment":
            raise Rejected(said("comments are not allowed"))
        if found.lastgroup != "space":
            tokens.append(Token(str(found.lastgroup), found.group()))
        position = found.end()
    return [*tokens, Token("end", said("the end"))]


class _Parser:
    def __init__(self, tokens: list[Token], table: Table) -> None:
        self.tokens, self.table = tokens, table
        self.position = self.depth = 0

    # tokens
    @property
    def next(self) -> Token:
        return self.tokens[self.position]

    def take(self) -> Token:
        token = self.next
        self.position += token.kind != "end"
        return token

    def accept(self, *words: str) -> bool:
        found = self.next.is_word(*words) or self.next.is_symbol(*words)
        self.position += found
        return found

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise Rejected(said("{word} was expected before {text!r}", word=word, text=self.next.text))

    def end(self) -> None:
        if self.next.kind != "end":
            raise Rejected(said("{text!r} is not allowed here", text=self.next.text))

    # conditions
    def condition(self) -> Node:
        nodes = [self.all()]
        while self.accept("OR"):
            nodes.append(self.all())
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def all(self) -> Node:
        nodes = [self.single()]
        while self.accept("AND"):
            nodes.append(self.single())
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def single(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Rejected(said("conditions are nested at most {limit} deep", limit=MAX_DEPTH))
        if self.accept("NOT"):
            node: Node = Not(self.single())
        elif self.accept("("):
            if self.next.is_word(*_STATEMENTS):
                raise Rejected(said("sub-selects are not allowed"))
            node = self.condition()
            self.expect(")")
        else:
            node = self.predicate()
        self.depth -= 1
        return node

    def predicate(self) -> Node:
        left = self.operand()
        if self.next.is_symbol("=", "<>", "!=", "<", "<=", ">", ">="):
            operator = self.take().text.replace("!=", "<>")
            return _compare(operator, left, self.operand())
        if self.accept("IS"):
            negated = self.accept("NOT")
            self.expect("NULL")
            return _negated(IsNull(_column(left, "IS NULL")), negated)
        negated = self.accept("NOT")
        if self.accept("IN"):
            return _negated(self.in_list(_column(left, "IN")), negated)
        if self.accept("BETWEEN"):
            low = self.operand()
            self.expect("AND")
            high = self.operand()
            return _negated(And((_compare(">=", left, low), _compare("<=", left, high))), negated)
        if self.accept("LIKE"):
            return _negated(self.like(_column(left, "LIKE")), negated)
        raise Rejected(said("a comparison was expected before {text!r}", text=self.next.text))

    def in_list(self, column: Column) -> In:
        self.expect("(")
        if self.next.is_word(*_STATEMENTS):
            raise Rejected(said("sub-selects are not allowed"))
        pairs = [self.listed(column)]
        while self.accept(","):
            pairs.append(self.listed(column))
        self.expect(")")
        classes = {value_class for _, value_class in pairs}
        # a date among moments is its midnight
        compared = ValueClass.TIMESTAMP if ValueClass.TIMESTAMP in classes else pairs[0][1]
        values = tuple(widened(text, value_class, compared) for text, value_class in pairs)
        return In(column, values, compared)

    def listed(self, column: Column) -> tuple[str, ValueClass]:
        operand = self.operand()
        if isinstance(operand, Column):
            raise Rejected(said("IN lists constants only: {column} is a column", column=operand.name))
        return _constant(operand, column)

    def like(self, column: Column) -> Like:
        if column.value_class is not ValueClass.TEXT:
            raise Rejected(
                said("LIKE is for text: {column} is {type}", column=column.name, type=column.value_class.value)
            )
        token = self.take()
        if token.kind != "string":
            raise Rejected(said("LIKE takes a pattern in single quotes"))
        if self.next.is_word("ESCAPE"):
            raise Rejected(said("ESCAPE is not allowed: a pattern has no escape character"))
        return Like(column, _unquoted(token.text))

    # operands
    def operand(self) -> Column | Constant:
        token = self.take()
        if token.kind == "string":
            return Constant("string", _unquoted(token.text))
        if token.kind == "number":
            return Constant("number", token.text)
        if token.is_symbol("-", "+") and self.next.kind == "number":
            return Constant("number", token.text + self.take().text)
        if token.is_word("TRUE", "FALSE"):
            return Constant("boolean", token.text.lower())
        if token.is_word("DATE", "TIME", "TIMESTAMP") and self.next.kind == "string":
            return Constant(token.text.lower(), _unquoted(self.take().text))
        if token.is_word("NULL"):
            raise Rejected(said("nothing compares with NULL: write IS NULL or IS NOT NULL"))
        if self.next.is_symbol("(") and token.kind in ("word", "quoted"):
            raise Rejected(said("functions are not allowed: {name}(", name=token.text))
        if token.kind == "quoted" or (token.kind == "word" and not token.is_word(*_RESERVED)):
            return self.column(token)
        raise Rejected(said("a column or a constant was expected before {text!r}", text=token.text))

    def column(self, token: Token) -> Column:
        """A quoted name is literal; a bare one may differ in case when only one column answers to it."""
        name = _unquoted(token.text) if token.kind == "quoted" else token.text
        column = self.table.column(name)
        if column is not None:
            return column
        folded = [column for column in self.table.columns if column.name.casefold() == name.casefold()]
        if token.kind == "word" and len(folded) == 1:
            return folded[0]
        if token.is_word(*_STATEMENTS):
            raise Rejected(said("sub-selects are not allowed"))
        raise Rejected(said("{column!r} is no column of {table}", column=name, table=self.table.label))


def _unquoted(text: str) -> str:
    return text[1:-1].replace(text[0] * 2, text[0])


def _negated(node: Node, negated: bool) -> Node:
    return Not(node) if negated else node


def _column(operand: Column | Constant, word: str) -> Column:
    if isinstance(operand, Constant):
        raise Rejected(said("{word} is asked of a column: {text!r} is a constant", word=word, text=operand.text))
    return operand


def _compare(operator: str, left: Column | Constant, right: Column | Constant) -> Compare:
    if isinstance(left, Constant):
        if isinstance(right, Constant):
            raise Rejected(
                said(
                    "a comparison needs a column: {left!r} and {right!r} are constants",
                    left=left.text,
                    right=right.text,
                )
            )
        left, right, operator = right, left, MIRRORED[operator]
    if isinstance(right, Column):
        try:
            return Compare(operator, left, right, common_class(left, right))
        except Mismatch as error:
            raise Rejected(error.args[0]) from None
    return Compare(operator, left, *_constant(right, left))


def _constant(constant: Constant, column: Column) -> tuple[str, ValueClass]:
    try:
        return canonical(constant, column)
    except Mismatch as error:
        raise Rejected(error.args[0]) from None
