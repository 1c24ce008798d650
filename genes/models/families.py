"""What follows from the values of bound columns: sketches, families with their conflicts, joins."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from genes.models.kept import OfColumn

SKETCH_BYTES = 8 * 1024  # 1,024 hashes


class Sketch(models.Model):
    """取值草图 – the least keyed hashes of a column's distinct values; without the key file no value can be tried against them."""

    scope_lookup: ClassVar[str] = "column__source__agency_id"

    column = models.OneToOneField("assets.Column", on_delete=models.CASCADE, related_name="sketch", primary_key=True)
    at = models.DateTimeField(db_index=True)
    key_id = models.CharField(max_length=16)  # of the key; sketches under different keys do not compare
    k = models.PositiveSmallIntegerField()  # fewer hashes than k are all there are
    hashes = models.BinaryField()  # ascending, 8 bytes each, little end first
    distinct = models.BigIntegerField()
    filled = models.BigIntegerField()  # rows that are not null
    numeric = models.BooleanField(default=False)  # a number: contained in another one by chance
    sequential = models.BooleanField(default=False)  # running numbers, which contain each other and mean nothing

    class Meta:
        verbose_name = _("取值草图")
        constraints = [
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    Func("hashes", function="octet_length", output_field=models.IntegerField()), SKETCH_BYTES
                ),
                name="genes_sketch_bounded",
            )
        ]

    def __str__(self) -> str:
        return f"{self.column}"


class Family(models.Model):
    """同源 – the columns of one element that share values, directly or through others; number 0 holds those that stand alone.

    Which columns it has, and how many, is told as far as one may see.
    """

    scope_lookup: ClassVar[str] = "element__agency_id"
    open_to_all: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    element = models.ForeignKey("standards.DataElement", on_delete=models.CASCADE, related_name="families")
    number = models.PositiveIntegerField(_("序号"))  # by size, the largest is 1
    at = models.DateTimeField(_("归并时间"))

    class Meta:
        verbose_name = _("同源组")
        verbose_name_plural = _("同源组")
        ordering = ["element", "number"]
        constraints = [models.UniqueConstraint(fields=["element", "number"], name="genes_family_number")]

    def __str__(self) -> str:
        return f"{self.element.name} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("genes:family_detail", args=[self.pk])


class FamilyMember(OfColumn):
    """同源字段 – one column of a family. ``differs``: {"format" | "length" | "code_set": [its own, the usual]}."""

    column = models.OneToOneField("assets.Column", on_delete=models.CASCADE, related_name="kin", primary_key=True)
    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="members")
    differs = models.JSONField(default=dict)
    conflicting = models.GeneratedField(
        expression=Case(When(~Q(differs={}), then=Value(True)), default=Value(False)),
        output_field=models.BooleanField(), db_persist=True,
    )  # fmt: skip

    class Meta:
        verbose_name = _("同源字段")
        ordering = ["family", "column"]
        indexes = [models.Index(fields=["family", "conflicting", "source"], name="genes_member_by_family")]

    def __str__(self) -> str:
        return f"{self.column} ∈ {self.family}"


JOIN_SCORE = {
    "share": 0.45,
    "key_share": 0.25,
    "same_element": 0.15,
    "alike": 0.1,
    "same_type": 0.05,
}  # beside a declaration


class Join(OfColumn):  # the other end is asked for by the selector
    """关联 – the values of ``column`` lie in ``target``, a key, so that the tables can be joined; or the source declares it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    column = models.ForeignKey("assets.Column", on_delete=models.CASCADE, related_name="joins", verbose_name=_("字段"))
    target = models.ForeignKey("assets.Column", on_delete=models.CASCADE, related_name="joined", verbose_name=_("目标"))
    declared = models.BooleanField(_("声明的外键"), default=False)
    share = models.FloatField(_("包含率"), null=True)  # of the distinct values; null when not measured
    error = models.FloatField(default=0)  # standard error of the share; 0 exact
    key_share = models.FloatField(_("目标唯一性"), default=0)
    same_element = models.BooleanField(_("数据元相同"), default=False)
    alike = models.FloatField(_("名称相近"), default=0)
    same_type = models.BooleanField(_("类型相同"), default=False)
    score = models.GeneratedField(
        expression=Case(When(declared=True, then=Value(0.5)), default=Value(0.0))
        + Value(JOIN_SCORE["share"]) * Coalesce(F("share"), Value(0.0))
        + Value(JOIN_SCORE["key_share"]) * F("key_share")
        + Case(When(same_element=True, then=Value(JOIN_SCORE["same_element"])), default=Value(0.0))
        + Value(JOIN_SCORE["alike"]) * F("alike")
        + Case(When(same_type=True, then=Value(JOIN_SCORE["same_type"])), default=Value(0.0)),
        output_field=models.FloatField(), db_persist=True,
    )  # fmt: skip
    found_at = models.DateTimeField(_("发现时间"))

    class Meta:
        verbose_name = _("关联")
        verbose_name_plural = _("关联")
        ordering = ["-score", "id"]
        indexes = [models.Index(fields=["-score", "id"], name="genes_join_score")]
        constraints = [
            models.UniqueConstraint(fields=["column", "target"], name="genes_join_once"),
            models.CheckConstraint(condition=~Q(column=F("target")), name="genes_join_of_two"),
            models.CheckConstraint(condition=Q(declared=True) | Q(share__isnull=False), name="genes_join_has_evidence"),
        ]

    def __str__(self) -> str:
        return f"{self.column} ⊂ {self.target}"
