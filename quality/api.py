"""REST of data quality: rules, proposals, results, findings."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import ApiRouter, Creates, Deletes, ReadViewSet, Updates
from quality import selectors
from quality.filters import FindingFilter, ProposalFilter, ResultFilter, RuleFilter
from quality.models import CheckResult, Finding, Rule, RuleProposal
from quality.serializers import (
    BulkRuleBody,
    FindingSerializer,
    ProposalSerializer,
    ResultSerializer,
    RuleBody,
    RuleSerializer,
    SelectionBody,
)
from quality.services.proposals import accept_proposals, reject_proposals
from quality.services.rules import bind_rules, create_rule, delete_rule, update_rule


class RuleViewSet(Creates, Updates, Deletes):
    """质量规则: create, change, delete; `bulk` puts one rule on many columns."""

    queryset = Rule.objects.all()
    serializer_class = RuleSerializer
    write_serializer_class = RuleBody
    filterset_class = RuleFilter
    orderings = {"name": ("name",), "created": ("-created_at",), "updated": ("-updated_at",)}
    default_ordering = "name"
    verbs = dict.fromkeys(("create", "partial_update", "destroy", "bulk"), "rule.edit")

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.rules_visible_to(self.request.user)

    def create_object(self, data: dict[str, Any]) -> Rule:
        table = data.pop("table", None)
        if table is None:
            raise exceptions.ValidationError({"table": [_("该字段是必填项。")]})
        return create_rule(actor=self.request.user, table=table, columns=data.pop("columns", []), **data)

    def update_object(self, obj: Rule, data: dict[str, Any]) -> None:
        if data.pop("table", obj.table) != obj.table:
            raise exceptions.ValidationError({"table": [_("规则所在的表不能改变，请新建规则。")]})
        update_rule(actor=self.request.user, rule=obj, columns=data.pop("columns", None), **data)

    def delete_object(self, obj: Rule) -> None:
        delete_rule(actor=self.request.user, rule=obj)

    @extend_schema(request=BulkRuleBody, responses={201: RuleSerializer(many=True)})
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """One single-column rule on each column: all are made, or none."""
        body = BulkRuleBody(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        data = {**body.validated_data}
        data.pop("table", None)
        with transaction.atomic():
            made = bind_rules(actor=request.user, columns=data.pop("columns"), **data)
        rules = self.get_queryset().filter(pk__in=[rule.pk for rule in made])
        return Response(RuleSerializer(rules, many=True, context=self.get_serializer_context()).data, status=201)


class ProposalViewSet(ReadViewSet):
    """规则建议: what profiles speak for; `accept` makes rules of them, `reject` ignores them for good."""

    queryset = RuleProposal.objects.all()
    serializer_class = ProposalSerializer
    filterset_class = ProposalFilter
    orderings = {"proposed": ("-proposed_at",)}
    default_ordering = "proposed"
    verbs = {"accept": "rule.edit", "reject": "rule.edit"}

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.proposals_visible_to(self.request.user)

    @extend_schema(request=SelectionBody, responses={200: ProposalSerializer(many=True)})
    @action(detail=False, methods=["post"])
    def accept(self, request: Request) -> Response:
        """Make a rule of each; all or none."""
        return self._decide(request, accept_proposals)

    @extend_schema(request=SelectionBody, responses={200: ProposalSerializer(many=True)})
    @action(detail=False, methods=["post"])
    def reject(self, request: Request) -> Response:
        """Ignore each for good."""
        return self._decide(request, reject_proposals)

    def _decide(self, request: Request, service: Any) -> Response:
        body = SelectionBody(data=request.data)
        body.is_valid(raise_exception=True)
        chosen = self.get_queryset().filter(pk__in=body.validated_data["ids"])
        if chosen.count() != len(set(body.validated_data["ids"])):
            raise exceptions.ValidationError({"ids": [_("其中有不存在的建议。")]})
        service(actor=request.user, proposals=list(chosen))
        return Response(ProposalSerializer(chosen.all(), many=True, context=self.get_serializer_context()).data)


class ResultViewSet(ReadViewSet):
    """检查结果: of one scan (`run`), one rule, one table."""

    queryset = CheckResult.objects.all()
    serializer_class = ResultSerializer
    filterset_class = ResultFilter
    orderings = {"newest": ("-at",), "failed": ("-failed",)}
    default_ordering = "newest"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.results_visible_to(self.request.user)


class FindingViewSet(ReadViewSet):
    """质量问题: open until a re-scan passes."""

    queryset = Finding.objects.all()
    serializer_class = FindingSerializer
    filterset_class = FindingFilter
    orderings = {"newest": ("-last_failed_at",), "failed": ("-failed",), "opened": ("-opened_at",)}
    default_ordering = "newest"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.findings_visible_to(self.request.user)


def register(router: ApiRouter) -> None:
    router.register("rules", RuleViewSet, basename="rule")
    router.register("rule-proposals", ProposalViewSet, basename="rule-proposal")
    router.register("check-results", ResultViewSet, basename="check-result")
    router.register("findings", FindingViewSet, basename="finding")
