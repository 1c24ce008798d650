"""Sentences of the codes that genes' jobs report."""

from django.utils.translation import gettext_lazy as _

from core.messages import register_all

register_all({
    "genes.match": _("逐字段对标"),
    "genes.families": _("归并同源字段"),
    "genes.joins": _("查找关联"),
})  # fmt: skip
