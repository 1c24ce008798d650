"""Pages of genes, below /genes/."""

from django.urls import path

from genes.views import conformity, design, genes, map, relations, rulings, workbench

app_name = "genes"
urlpatterns = [
    path("", workbench.GeneList.as_view(), name="gene_list"),
    path("bindings/", workbench.BindingList.as_view(), name="binding_list"),
    path("matches/", workbench.MatchQueue.as_view(), name="match_queue"),
    path("matches/accept/", workbench.Decide.as_view(what="accept"), name="match_accept"),
    path("matches/reject/", workbench.Decide.as_view(what="reject"), name="match_reject"),
    path("matches/none/", workbench.Decide.as_view(what="none"), name="match_none"),
    path("matches/undo/", workbench.Undo.as_view(), name="match_undo"),
    path("map/", map.GeneMap.as_view(), name="map"),
    path("map/list/", map.MapList.as_view(), name="map_list"),
    path("design/", design.DesignCheck.as_view(), name="design"),
    path("conformity/", conformity.Overview.as_view(), name="conformity"),
    path("conformity/columns/", conformity.ConformityList.as_view(), name="conformity_list"),
    path("deviations/", conformity.DeviationList.as_view(), name="deviation_list"),
    path("deviations/<uuid:pk>/", conformity.DeviationDetail.as_view(), name="deviation_detail"),
    path("deviations/<uuid:pk>/accept/", conformity.DeviationAccept.as_view(), name="deviation_accept"),
    path("deviations/<uuid:pk>/withdraw/", conformity.DeviationWithdraw.as_view(), name="deviation_withdraw"),
    path("families/", relations.FamilyList.as_view(), name="family_list"),
    path("families/<uuid:pk>/", relations.FamilyDetail.as_view(), name="family_detail"),
    path("families/<uuid:pk>/<slug:tab>/", relations.FamilyDetail.as_view(), name="family_detail"),
    path("joins/", relations.JoinList.as_view(), name="join_list"),
    path("joins/keys/", relations.KeyList.as_view(), name="key_list"),
    path("repetitions/", relations.RepetitionList.as_view(), name="repetition_list"),
    path("rulings/", rulings.RulingList.as_view(), name="ruling_list"),
    path("rulings/new/", rulings.RulingPropose.as_view(), name="ruling_propose"),
    path("rulings/<uuid:pk>/", rulings.RulingDetail.as_view(), name="ruling_detail"),
    path("rulings/<uuid:pk>/edit/", rulings.RulingEdit.as_view(), name="ruling_edit"),
    path("rulings/<uuid:pk>/discard/", rulings.RulingDiscard.as_view(), name="ruling_discard"),
    path("rulings/<uuid:pk>/step/<slug:step>/", rulings.RulingMove.as_view(), name="ruling_move"),
    path("rulings/<uuid:pk>/<slug:tab>/", rulings.RulingDetail.as_view(), name="ruling_detail"),
    path("<uuid:pk>/", genes.GeneDetail.as_view(), name="gene_detail"),
    path("<uuid:pk>/<slug:tab>/", genes.GeneDetail.as_view(), name="gene_detail"),
]
