"""Reviewed objects: states and transitions as data; `apply` is the only function that changes a state.

A workflow belongs to one model whose field ``state`` holds it. A transition names the verb it needs, whether an opinion
must be given, and the earlier transitions whose actor may not also do this one: nobody approves their own work,
administrators included.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model
from django.dispatch import Signal
from django.utils.translation import gettext as _

from core import audit, clock, visibility
from core.actors import actor_fields
from core.models import WorkflowStep
from core.texts import Text, clean

M = TypeVar("M", bound=Model)
moved = Signal()  # sender: the model; obj, transition (name), actor


@dataclass(frozen=True, slots=True)
class Transition:
    """One step: from any of ``sources`` to ``target``.

    ``check(obj)`` raises ValidationError when the object is not ready; ``effect(obj, actor)`` sees the new state and
    runs just before it is stored, in the same transaction.
    """

    name: str
    label: Text
    sources: Sequence[str]
    target: str
    verb: str
    opinion: bool = False  # must be given
    not_by: Sequence[str] = ()  # steps whose actors, at any time, may not do this one
    check: Callable[[Any], None] | None = None
    effect: Callable[[Any, Any], None] | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    model: str  # "app.Model"
    transitions: Sequence[Transition]

    def transition(self, name: str) -> Transition:
        """Raises KeyError for a name that the workflow does not have."""
        for item in self.transitions:
            if item.name == name:
                return item
        raise KeyError(f"{self.model} has no transition {name!r}")


_workflows: dict[str, Workflow] = {}


def register(workflow: Workflow) -> None:
    """Raises ValueError when the model has another workflow already."""
    if _workflows.setdefault(workflow.model, workflow) is not workflow:
        raise ValueError(f"{workflow.model} has a workflow already")


def all_workflows() -> tuple[Workflow, ...]:
    return tuple(_workflows.values())


def of(obj: Model | type[Model]) -> Workflow:
    """Raises KeyError for a model without a workflow."""
    return _workflows[obj._meta.label]


def open_to(obj: Any, user: Any) -> list[Transition]:
    """The transitions that this user may do to this object now, in the order of the workflow."""
    steps = history(obj)
    return [
        item
        for item in of(obj).transitions
        if obj.state in item.sources and visibility.can(user, item.verb, obj) and not _is_own(item, steps, user)
    ]


@transaction.atomic
def apply(obj: M, name: str, *, actor: Any, opinion: str = "") -> M:
    """Lock the row, do the transition, record who did it and why; returns the row as it now stands.

    Raises ValidationError (state does not allow it; opinion missing) and PermissionDenied (no right; own work).
    """
    workflow = of(obj)
    step = workflow.transition(name)
    row: Any = type(obj)._default_manager.select_for_update(of=("self",)).get(pk=obj.pk)
    if not visibility.can(actor, step.verb, row):
        raise PermissionDenied(_("没有执行此操作的权限，可向安全管理员申请。"))
    if row.state not in step.sources:
        raise ValidationError(
            _("当前状态“%(state)s”不能执行“%(step)s”。") % {"state": row.get_state_display(), "step": step.label},
            code="state",
        )
    if _is_own(step, history(row), actor):
        raise PermissionDenied(_("不能审核自己提交的内容，请由他人处理。"))
    if step.opinion and not opinion.strip():
        raise ValidationError({"opinion": _("请填写意见。")})
    if step.check:
        step.check(row)
    before, row.state = row.state, step.target
    if step.effect:  # first: what was in force makes room before this takes its place
        step.effect(row, actor)
    row.save(update_fields=["state"])
    _step(row, name, before, actor, clock.now(), opinion).save()
    verb = f"{row._meta.app_label}.{row._meta.model_name}.{name}"
    changes = {"state": [before, row.state], **({"opinion": [None, opinion.strip()]} if opinion.strip() else {})}
    audit.record(actor=actor, verb=verb, target=row, target_label=str(row), scope_id=_scope(row), changes=changes)
    moved.send(sender=type(row), obj=row, transition=name, actor=actor)
    return row  # type: ignore[no-any-return]


def history(obj: Model) -> list[WorkflowStep]:
    """Every step of the object, oldest first."""
    return list(WorkflowStep.objects.filter(target=audit.target_of(obj)).order_by("pk"))


def authored(actor: Any, *objects: Any) -> None:
    """Writing counts as a step, "draft", once a person: whoever wrote at an object may not review it."""
    targets = {audit.target_of(obj): obj for obj in objects}
    drafted = WorkflowStep.objects.filter(target__in=targets, transition="draft", actor_id=actor.pk)
    for target in drafted.values_list("target", flat=True):
        targets.pop(target, None)
    at = clock.now()
    WorkflowStep.objects.bulk_create(_step(obj, "draft", "", actor, at) for obj in targets.values())


def _step(obj: Any, transition: str, before: str, actor: Any, at: datetime, opinion: str = "") -> WorkflowStep:
    return WorkflowStep(
        target=audit.target_of(obj), transition=transition, before=before, after=obj.state, at=at,
        opinion=clean(opinion.strip(), 2_000), **actor_fields(actor),
    )  # fmt: skip


def _is_own(item: Transition, steps: Sequence[WorkflowStep], user: Any) -> bool:
    return any(step.transition in item.not_by and step.actor_id == user.pk for step in steps)


def _scope(row: Any) -> Any:
    value = row
    for name in row.scope_lookup.split("__"):
        value = getattr(value, name) if value is not None else None
    return value
