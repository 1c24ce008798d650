"""Quality rules: what kinds there are, how a rule is read, bound to a table and judged. See docs/rules.md."""

from scanner.rules.binding import BoundRule, bind
from scanner.rules.kinds import RULE_KINDS, ParameterSpec, RuleKind
from scanner.rules.parsing import parse_rule, parse_rules

__all__ = ["RULE_KINDS", "BoundRule", "ParameterSpec", "RuleKind", "bind", "parse_rule", "parse_rules"]
