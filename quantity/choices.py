"""Closed lists of the volume statistics."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """来源 – what took the sample."""

    CENSUS = "census", _("盘点")  # the source's catalogue
    SCAN = "scan", _("扫描")  # a reading of the rows


class Grouping(models.TextChoices):
    """分组 – by what volumes are added up."""

    AGENCY = "agency", _("按机构")
    SOURCE = "source", _("按数据源")
    KIND = "kind", _("按类型")
