"""The kinds of rule, as data: forms, the JSON schema and the documentation are made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Types of a parameter and their JSON schema.
_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "values": {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean"]}},
    "pattern": {"type": "string", "minLength": 1},
    "count": {"type": "integer", "minimum": 0},
    "bound": {"type": ["number", "string"]},
    "format": {"type": "string", "minLength": 1},
    "scheme": {"type": "string"},
    "table": {"type": "string", "minLength": 1},
    "names": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    "duration": {"type": "string", "minLength": 2},
}


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter of a rule kind; ``type`` is a key of the schemas above."""

    name: str
    label: str  # Chinese, plain
    type: str
    required: bool = True
    help: str = ""  # Chinese, plain
    choices: Sequence[tuple[str, str]] = ()  # (value, Chinese label)

    def as_schema(self) -> dict[str, Any]:
        schema = dict(_SCHEMAS[self.type]) | {"title": self.label, "description": self.help}
        return schema | {"enum": [value for value, _ in self.choices]} if self.choices else schema


@dataclass(frozen=True, slots=True)
class RuleKind:
    """A kind of rule and what it takes. A rule looks at ``least`` to ``most`` columns (``most`` None: any number)."""

    name: str
    label: str  # Chinese, plain
    help: str  # Chinese, plain: what passes
    parameters: tuple[ParameterSpec, ...] = ()
    least: int = 1
    most: int | None = 1
    one_of: tuple[str, ...] = ()  # at least one of these optional parameters must be there
    judges_table: bool = False  # one verdict for the whole table; ``mostly`` has no meaning

    def parameter(self, name: str) -> ParameterSpec | None:
        return next((spec for spec in self.parameters if spec.name == name), None)

    def as_schema(self) -> dict[str, Any]:
        """JSON schema of ``parameters`` of a rule of this kind."""
        schema: dict[str, Any] = {
            "type": "object", "additionalProperties": False,
            "properties": {spec.name: spec.as_schema() for spec in self.parameters},
            "required": [spec.name for spec in self.parameters if spec.required],
        }  # fmt: skip
        if self.one_of:
            schema["anyOf"] = [{"required": [name]} for name in self.one_of]
        return schema


def _range(kind: str, low: str, high: str, help: str) -> tuple[ParameterSpec, ParameterSpec]:
    return (
        ParameterSpec("min", low, kind, required=False, help=help),
        ParameterSpec("max", high, kind, required=False, help=help),
    )


SCHEMES = (
    ("citizen_id", "公民身份号码（GB 11643）"), ("uscc", "统一社会信用代码（GB 32100）"),
    ("org_code", "组织机构代码（GB 11714）"), ("luhn", "银行卡号等（Luhn）"),
)  # fmt: skip
_EITHER = ("min", "max")
_RANGE_HELP = "含本数；上下限可只填一个"

_KINDS = (
    RuleKind("not_null", "非空", "所列字段都不为空值", most=None),
    RuleKind("unique", "唯一", "字段的值不重复"),
    RuleKind("compound_unique", "组合唯一", "所列字段的值组合不重复", least=2, most=None),
    RuleKind(
        "in_set", "取值范围", "值在所列取值之内，按值比较",
        (ParameterSpec("values", "允许的值", "values", help="每行一个值"),),
    ),
    RuleKind(
        "matches", "格式匹配", "值与正则表达式匹配",
        (ParameterSpec("pattern", "正则表达式", "pattern", help="RE2 语法；匹配全文须写 ^ 与 $"),),
    ),
    RuleKind(
        "length_between", "长度范围", "值的字符数在范围之内",
        _range("count", "最短", "最长", _RANGE_HELP), one_of=_EITHER,
    ),
    RuleKind(
        "between", "数值或日期范围", "值在范围之内",
        _range("bound", "下限", "上限", _RANGE_HELP), one_of=_EITHER,
    ),
    RuleKind(
        "date_format", "日期格式", "值是真实的日期时间，且恰为所填格式",
        (ParameterSpec("format", "格式", "format", help="如 YYYYMMDD、YYYY-MM-DD hh:mm:ss"),),
    ),
    RuleKind(
        "checksum", "校验码", "值的校验码正确",
        (ParameterSpec("scheme", "编码标准", "scheme", help="编码所依的标准", choices=SCHEMES),),
    ),
    RuleKind(
        "reference", "引用完整", "值在被引用的表中存在",
        (
            ParameterSpec("table", "被引用的表", "table", help="同一数据源内，模式名.表名"),
            ParameterSpec("columns", "被引用的字段", "names", help="与所列字段一一对应"),
        ),
        most=None,
    ),
    RuleKind(
        "row_count", "行数范围", "表的行数在范围之内",
        _range("count", "最少", "最多", _RANGE_HELP), least=0, most=0, one_of=_EITHER, judges_table=True,
    ),
    RuleKind(
        "freshness", "更新及时", "最新的日期时间距今不超过时限",
        (ParameterSpec("max_age", "时限", "duration", help="ISO 8601 时长，如 P1D、PT6H、P1M"),), judges_table=True,
    ),
)  # fmt: skip
RULE_KINDS: Mapping[str, RuleKind] = {kind.name: kind for kind in _KINDS}
