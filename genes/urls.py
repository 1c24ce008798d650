"""Pages of genes, below /genes/."""

from django.urls import path

from genes.views import conformity, map, workbench

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
    path("map/data/", map.MapData.as_view(), name="map_data"),
    path("map/list/", map.MapList.as_view(), name="map_list"),
    path("conformity/", conformity.Overview.as_view(), name="conformity"),
    path("conformity/columns/", conformity.ConformityList.as_view(), name="conformity_list"),
    path("deviations/", conformity.DeviationList.as_view(), name="deviation_list"),
    path("deviations/<uuid:pk>/", conformity.DeviationDetail.as_view(), name="deviation_detail"),
    path("deviations/<uuid:pk>/accept/", conformity.DeviationAccept.as_view(), name="deviation_accept"),
    path("deviations/<uuid:pk>/withdraw/", conformity.DeviationWithdraw.as_view(), name="deviation_withdraw"),
]
