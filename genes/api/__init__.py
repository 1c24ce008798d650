"""REST of genes: what each part answers stands in its module."""

from core.api import ApiRouter
from genes.api.conformity import ConformityViewSet, DeviationViewSet
from genes.api.design import DesignViewSet, SuggestionViewSet
from genes.api.matching import BindingViewSet, MatchViewSet
from genes.api.recognisers import RecogniserViewSet
from genes.api.relations import FamilyViewSet, GeneMapViewSet, JoinViewSet, RepetitionViewSet, RulingViewSet
from genes.api.watching import ColumnLevelViewSet, DecisionViewSet, DriftViewSet, TableLevelViewSet


def register(router: ApiRouter) -> None:
    router.register("conformity", ConformityViewSet, basename="conformity")
    router.register("deviations", DeviationViewSet, basename="deviation")
    router.register("design-check", DesignViewSet, basename="design-check")
    router.register("gene-suggestions", SuggestionViewSet, basename="gene-suggestion")
    router.register("matches", MatchViewSet, basename="match")
    router.register("bindings", BindingViewSet, basename="binding")
    router.register("families", FamilyViewSet, basename="family")
    router.register("joins", JoinViewSet, basename="join")
    router.register("rulings", RulingViewSet, basename="ruling")
    router.register("repetitions", RepetitionViewSet, basename="repetition")
    router.register("gene-map", GeneMapViewSet, basename="gene_map")
    router.register("decisions", DecisionViewSet, basename="decision")
    router.register("drifts", DriftViewSet, basename="drift")
    router.register("column-levels", ColumnLevelViewSet, basename="column-level")
    router.register("table-levels", TableLevelViewSet, basename="table-level")
    router.register("recognisers", RecogniserViewSet, basename="recogniser")
