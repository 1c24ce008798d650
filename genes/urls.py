"""Pages of genes, below /genes/."""

from django.urls import path

from genes.views import workbench

app_name = "genes"
urlpatterns = [
    path("", workbench.GeneList.as_view(), name="gene_list"),
    path("bindings/", workbench.BindingList.as_view(), name="binding_list"),
    path("matches/", workbench.MatchQueue.as_view(), name="match_queue"),
    path("matches/accept/", workbench.Decide.as_view(what="accept"), name="match_accept"),
    path("matches/reject/", workbench.Decide.as_view(what="reject"), name="match_reject"),
    path("matches/none/", workbench.Decide.as_view(what="none"), name="match_none"),
    path("matches/undo/", workbench.Undo.as_view(), name="match_undo"),
]
