"""The numbers of genes, each defined once."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.indicators import Indicator, register
from genes.selectors import authority, conformity, levels, queue


def register_all() -> None:
    register(Indicator(
        "genes.genes", _("基因"), lambda user: queue.genes_visible_to(user).order_by(), lambda: reverse("genes:gene_list"),
        pgettext_lazy("genes", "个"), group="genes", order=10,
    ))  # fmt: skip
    register(Indicator(
        "genes.bindings", _("已识别字段"), lambda user: queue.bindings_visible_to(user).order_by(),
        lambda: reverse("genes:binding_list"), pgettext_lazy("columns", "个"), group="genes", order=20, good="up",
    ))  # fmt: skip
    register(Indicator(
        "genes.matches", _("基因待确认"), lambda user: queue.queue_visible_to(user).order_by(),
        lambda: reverse("genes:match_queue"), pgettext_lazy("columns", "个"), group="genes", order=30, personal=True,
    ))  # fmt: skip
    register(Indicator(
        "genes.deviations", _("标准偏离"), lambda user: conformity.open_deviations(user).order_by(),
        lambda: reverse("genes:deviation_list") + "?state=open", pgettext_lazy("deviations", "项"), group="genes", order=40, good="down",
    ))  # fmt: skip
    register(Indicator(
        "genes.rulings", _("数源待裁定"), lambda user: authority.rulings_to_decide(user).order_by(),
        lambda: reverse("genes:ruling_list") + "?review=yes", pgettext_lazy("rulings", "份"), group="genes", order=50, personal=True,
    ))  # fmt: skip
    register(Indicator(
        "genes.repetitions", _("重复采集待处理"), lambda user: authority.repetitions_to_answer(user).order_by(),
        lambda: reverse("genes:repetition_list") + "?mine=yes", pgettext_lazy("columns", "个"), group="genes", order=60, personal=True,
    ))  # fmt: skip
    register(Indicator(
        "genes.drifts", _("基因漂移"), lambda user: queue.open_drifts(user).order_by(),
        lambda: reverse("genes:drift_list") + "?open=yes", pgettext_lazy("alarms", "个"), group="genes", order=70, personal=True,
    ))  # fmt: skip
    register(Indicator(
        "genes.levels", _("级别待确定"), lambda user: levels.undecided(user).order_by(),
        lambda: reverse("genes:level_list") + "?decided=no&level=3&level=4", pgettext_lazy("columns", "个"), group="genes", order=80, personal=True,
    ))  # fmt: skip
