"""Small pieces of quality pages."""

from typing import Any

from django import template
from django.utils.translation import gettext as _

from core.templatetags.ui import status
from quality.choices import Dimension
from quality.evidence import kind_label, sentence
from quality.forms import shown_parameter
from scanner.rules import RULE_KINDS

register = template.Library()
register.filter(kind_label)


@register.filter
def dimension_label(code: str) -> str:
    return str(Dimension(code).label)


@register.filter
def parameter_pairs(rule: Any) -> list[tuple[str, str]]:
    """(label, value) of the parameters of a rule or a proposal, in the order of its kind."""
    specs = RULE_KINDS[rule.kind].parameters if rule.kind in RULE_KINDS else ()
    pairs = [(_(spec.label), rule.parameters.get(spec.name)) for spec in specs]
    return [(label, str(shown_parameter(value)).replace("\n", _("、"))) for label, value in pairs if value is not None]


@register.filter
def reason(proposal: Any) -> str:
    """Why a rule is proposed."""
    return sentence(proposal.evidence, proposal.facts)


@register.filter
def finding_of(result: Any) -> Any:
    """The finding that a failed result belongs to (``selectors.with_findings``); None when it left none."""
    found = result.rule.newest_findings
    return next((item for item in found if item.opened_at <= result.at <= (item.closed_at or result.at)), None)


@register.simple_tag
def result_state(result: Any) -> str:
    if result.error:
        return status(_("无法执行"), "bad")
    return status(_("通过"), "good") if result.passed else status(_("未通过"), "bad")


@register.simple_tag
def finding_state(finding: Any) -> str:
    return status(finding.get_state_display(), {"open": "bad", "closed": "good"}.get(finding.state, ""))


@register.simple_tag
def rule_state(rule: Any) -> str:
    """Where a rule stands, from its newest result (``current_results``)."""
    if not rule.enabled:
        return status(_("停用"))
    if not rule.current_results:
        return status(_("未检查"))
    return result_state(rule.current_results[0])
