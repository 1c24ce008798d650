"""The gene map: relations of genes by agency, and where each gene stands."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from genes.choices import RelationKind
from standards.choices import Domain


class Relation(models.Model):
    """基因关系 – two genes in tables of one agency, so that each person's map adds up what that person may see."""

    scope_lookup: ClassVar[str] = "agency_id"

    agency = models.ForeignKey("accounts.Agency", on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey("accounts.Agency", on_delete=models.CASCADE, related_name="+")  # of the far end
    left = models.ForeignKey("standards.DataElement", on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey("standards.DataElement", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("关系"), max_length=16, choices=RelationKind.choices)
    weight = models.PositiveIntegerField()  # tables with both; pairs of columns of which one contains the other

    class Meta:
        verbose_name = _("基因关系")
        constraints = [
            models.UniqueConstraint(fields=["agency", "other", "left", "right", "kind"], name="genes_relation_once"),
            models.CheckConstraint(condition=Q(kind__in=RelationKind.values), name="genes_relation_kind_known"),
            models.CheckConstraint(condition=~Q(left=F("right")), name="genes_relation_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.left_id} {self.kind} {self.right_id}"


class MapArea(models.Model):
    """图谱区域 – the middle of a subject domain on the map, set once."""

    domain = models.CharField(max_length=20, choices=Domain.choices, primary_key=True)
    x = models.FloatField()
    y = models.FloatField()

    class Meta:
        verbose_name = _("图谱区域")

    def __str__(self) -> str:
        return self.domain


class MapPlace(models.Model):
    """图谱位置 – where a gene stands; it stays there when others come."""

    element = models.OneToOneField(
        "standards.DataElement", on_delete=models.CASCADE, related_name="place", primary_key=True
    )
    domain = models.CharField(max_length=20, choices=Domain.choices)
    x = models.FloatField()
    y = models.FloatField()

    class Meta:
        verbose_name = _("图谱位置")

    def __str__(self) -> str:
        return f"{self.element_id} ({self.x:.0f}, {self.y:.0f})"
