"""Pages of genes, below /genes/."""

from django.urls import path

from genes.views import columns, conformity, levels, map, policy, recognisers, undoing, watching, workbench

app_name = "genes"
urlpatterns = [
    path("", workbench.GeneList.as_view(), name="gene_list"),
    path("bindings/", workbench.BindingList.as_view(), name="binding_list"),
    path("matches/", workbench.MatchQueue.as_view(), name="match_queue"),
    path("matches/accept/", workbench.Decide.as_view(what="accept"), name="match_accept"),
    path("matches/reject/", workbench.Decide.as_view(what="reject"), name="match_reject"),
    path("matches/none/", workbench.Decide.as_view(what="none"), name="match_none"),
    path("map/", map.GeneMap.as_view(), name="map"),
    path("map/data/", map.MapData.as_view(), name="map_data"),
    path("map/list/", map.MapList.as_view(), name="map_list"),
    path("matches/undo/", undoing.Undo.as_view(), name="match_undo"),
    path("matches/auto/", policy.AutoZone.as_view(), name="auto_zone"),
    path("matches/auto/undo/", policy.ReturnBatch.as_view(), name="auto_zone_undo"),
    path("columns/<uuid:pk>/choose/", columns.ColumnChoose.as_view(), name="column_choose"),
    path("columns/<uuid:pk>/accept/", columns.ColumnDecide.as_view(what="accept"), name="column_accept"),
    path("columns/<uuid:pk>/reject/", columns.ColumnDecide.as_view(what="reject"), name="column_reject"),
    path("columns/<uuid:pk>/none/", columns.ColumnDecide.as_view(what="none"), name="column_none"),
    path("columns/<uuid:pk>/level/", columns.ColumnLevelDecide.as_view(), name="column_level"),
    path("tables/<uuid:pk>/level/", columns.ColumnLevelDecide.as_view(of_table=True), name="table_level"),
    path("decisions/", watching.DecisionList.as_view(), name="decision_list"),
    path("drifts/", watching.DriftList.as_view(), name="drift_list"),
    path("drifts/keep/", watching.KeepDrifted.as_view(), name="drift_keep"),
    path("levels/", levels.ColumnLevelList.as_view(), name="level_list"),
    path("levels/confirm/", levels.ConfirmLevels.as_view(), name="level_confirm"),
    path("levels/tables/", levels.TableLevelList.as_view(), name="table_level_list"),
    path("recognisers/", recognisers.RecogniserList.as_view(), name="recogniser_list"),
    path("recognisers/new/", recognisers.RecogniserCreate.as_view(), name="recogniser_create"),
    path("recognisers/<uuid:pk>/", recognisers.RecogniserDetail.as_view(), name="recogniser_detail"),
    path("recognisers/<uuid:pk>/edit/", recognisers.RecogniserEdit.as_view(), name="recogniser_edit"),
    path("recognisers/<uuid:pk>/try/", recognisers.RecogniserAct.as_view(what="try"), name="recogniser_try"),
    path("recognisers/<uuid:pk>/enable/", recognisers.RecogniserAct.as_view(what="enable"), name="recogniser_enable"),
    path(
        "recognisers/<uuid:pk>/disable/", recognisers.RecogniserAct.as_view(what="disable"), name="recogniser_disable"
    ),
    path("recognisers/<uuid:pk>/delete/", recognisers.RecogniserAct.as_view(what="delete"), name="recogniser_delete"),
    path("conformity/", conformity.Overview.as_view(), name="conformity"),
    path("conformity/columns/", conformity.ConformityList.as_view(), name="conformity_list"),
    path("deviations/", conformity.DeviationList.as_view(), name="deviation_list"),
    path("deviations/<uuid:pk>/", conformity.DeviationDetail.as_view(), name="deviation_detail"),
    path("deviations/<uuid:pk>/accept/", conformity.DeviationAccept.as_view(), name="deviation_accept"),
    path("deviations/<uuid:pk>/withdraw/", conformity.DeviationWithdraw.as_view(), name="deviation_withdraw"),
]
