"""Pages of data quality, below /quality/."""

from django.urls import path

from quality.views import findings, overview, proposals, results, rules

app_name = "quality"
urlpatterns = [
    path("", overview.Overview.as_view(), name="overview"),
    path("rules/", rules.RuleList.as_view(), name="rule_list"),
    path("rules/new/", rules.RuleCreate.as_view(), name="rule_create"),
    path("rules/bulk/", rules.RuleBulk.as_view(), name="rule_bulk"),
    path("rules/enable/", rules.RulesSwitch.as_view(enabled=True), name="rule_enable"),
    path("rules/disable/", rules.RulesSwitch.as_view(enabled=False), name="rule_disable"),
    path("rules/<uuid:pk>/", rules.RuleDetail.as_view(), name="rule_detail"),
    path("rules/<uuid:pk>/edit/", rules.RuleEdit.as_view(), name="rule_edit"),
    path("rules/<uuid:pk>/delete/", rules.RuleDelete.as_view(), name="rule_delete"),
    path("rules/<uuid:pk>/<slug:tab>/", rules.RuleDetail.as_view(), name="rule_detail"),
    path("proposals/", proposals.ProposalList.as_view(), name="proposal_list"),
    path("proposals/accept/", proposals.Decide.as_view(verb_name="accept"), name="proposal_accept"),
    path("proposals/reject/", proposals.Decide.as_view(verb_name="reject"), name="proposal_reject"),
    path("results/", results.ResultList.as_view(), name="result_list"),
    path("findings/", findings.FindingList.as_view(), name="finding_list"),
    path("findings/<uuid:pk>/", findings.FindingDetail.as_view(), name="finding_detail"),
]
