"""Recognisers: define one, try it on what people decided, and let it propose when it was right often enough."""

from typing import Any

import re2
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Agency, Person
from accounts.permissions import require
from core import audit, clock
from genes.models import Recogniser
from genes.models.recognisers import LEAST, PRECISION
from genes.selectors.recognising import tried
from standards.models import DataElement

CONDITIONS = ("element", "words", "pattern", "check_scheme", "code_set", "share")
UNTRIED: dict[str, Any] = {"enabled": False, "tried_at": None, "precision": None, "recall": None, "trial": {}}


@transaction.atomic
def define_recogniser(
    *, actor: Person, agency: Agency, element: DataElement, name: str, **conditions: Any
) -> Recogniser:
    """A new one, not yet tried; `conditions` are of CONDITIONS. Raises PermissionDenied, ValidationError by field."""
    require(actor, "gene.decide", agency.pk)
    recogniser = Recogniser(agency=agency, element=element, name=name.strip(), author=actor)
    _set(recogniser, conditions)
    recogniser.save(force_insert=True)
    _recorded(actor, "genes.recogniser.define", recogniser, {"name": [None, recogniser.name]})
    return recogniser


@transaction.atomic
def change_recogniser(*, actor: Person, recogniser: Recogniser, **fields: Any) -> Recogniser:
    """Change it; another condition makes it untried and stops its proposing. Raises PermissionDenied, ValidationError."""
    require(actor, "gene.decide", recogniser)
    recogniser = Recogniser.objects.select_for_update(of=("self",)).get(pk=recogniser.pk)
    before = {name: getattr(recogniser, name) for name in fields}
    _set(recogniser, fields)
    changed = [name for name, old in before.items() if old != getattr(recogniser, name)]
    if set(changed) & set(CONDITIONS):
        for name, value in UNTRIED.items():
            setattr(recogniser, name, value)
    recogniser.save()
    _recorded(
        actor, "genes.recogniser.change", recogniser, {name: [str(before[name]), str(fields[name])] for name in changed}
    )
    return recogniser


@transaction.atomic
def try_recogniser(*, actor: Person, recogniser: Recogniser) -> Recogniser:
    """Dry run on the columns that people decided: precision, recall, the wrong rows. Changes no column. Raises PermissionDenied."""
    require(actor, "gene.decide", recogniser)
    recogniser = Recogniser.objects.select_for_update(of=("self",)).get(pk=recogniser.pk)
    trial = tried(recogniser, actor)
    recogniser.tried_at, recogniser.precision, recogniser.recall = clock.now(), trial.precision, trial.recall
    recogniser.trial = {
        "columns": trial.columns, "right": trial.right, "wrong": trial.wrong, "missed": trial.missed, "rows": trial.rows,
    }  # fmt: skip
    recogniser.enabled = recogniser.enabled and recogniser.may_be_enabled
    recogniser.save()
    _recorded(
        actor,
        "genes.recogniser.try",
        recogniser,
        {"precision": [None, trial.precision], "recall": [None, trial.recall]},
    )
    return recogniser


@transaction.atomic
def enable_recogniser(*, actor: Person, recogniser: Recogniser, enabled: bool) -> Recogniser:
    """From the next matching on it proposes, or no more. Raises PermissionDenied, ValidationError when it was not good enough."""
    require(actor, "gene.decide", recogniser)
    recogniser = Recogniser.objects.select_for_update(of=("self",)).get(pk=recogniser.pk)
    if enabled and not recogniser.may_be_enabled:
        raise ValidationError(
            _("试运行准确率达到 %(share)d%%、且至少正确识别 %(least)d 个字段后才能启用。")
            % {"share": PRECISION * 100, "least": LEAST}
        )
    recogniser.enabled = enabled
    recogniser.save()
    _recorded(actor, "genes.recogniser.enable", recogniser, {"enabled": [not enabled, enabled]})
    return recogniser


@transaction.atomic
def delete_recogniser(*, actor: Person, recogniser: Recogniser) -> None:
    """Gone; what people decided on its proposals stays. Raises PermissionDenied."""
    require(actor, "gene.decide", recogniser)
    _recorded(actor, "genes.recogniser.delete", recogniser, {"name": [recogniser.name, None]})
    recogniser.delete()


def _set(recogniser: Recogniser, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(recogniser, name, value)
    recogniser.words = list(dict.fromkeys(word.strip() for word in recogniser.words if word.strip()))
    if not (recogniser.words or recogniser.pattern or recogniser.check_scheme or recogniser.code_set):
        raise ValidationError(_("至少填写一个条件：名称词、取值正则、校验规则或代码集。"))
    if recogniser.pattern:
        try:
            re2.compile(recogniser.pattern)
        except re2.error as error:
            raise ValidationError({"pattern": _("正则表达式无法解析：%(reason)s") % {"reason": error}}) from error
    recogniser.full_clean(exclude=["element", "author", "words", "tried_at", "precision", "recall", "trial"])


def _recorded(actor: Person, verb: str, recogniser: Recogniser, changes: dict[str, Any]) -> None:
    audit.record(
        actor=actor, verb=verb, target=recogniser, target_label=recogniser.name, scope_id=recogniser.agency_id, changes=changes
    )  # fmt: skip
