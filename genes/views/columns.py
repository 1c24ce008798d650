"""Decisions on one column, from the workbench's pane and from the page of the column."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as translate

from accounts.permissions import require
from assets.models import Column
from assets.selectors.catalogue import columns_visible_to, tables_visible_to
from core.views import SignedInView, safe_next
from genes.selectors.queue import elements_found
from genes.services.decisions import accept, new_batch, reject_many, say_none_many
from genes.services.levels import decide_column_level, decide_table_level
from genes.views.undoing import remember
from genes.views.workbench import HOME, back_to_queue, said
from standards.models import DataElement


class ColumnDecide(SignedInView):
    """`element` carries it (accept), does not (reject), or nothing of the catalogue fits (none)."""

    verb = "gene.decide"
    http_method_names = ["post", "options"]
    what: str = ""

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        column = get_object_or_404(columns_visible_to(request.user), pk=pk)
        batch, actor = new_batch(), request.user
        try:
            if self.what == "none":
                say_none_many(actor=actor, columns=[column], batch=batch)  # type: ignore[arg-type]
            elif self.what == "reject":
                reject_many(actor=actor, pairs=[(column, _element(request))], batch=batch)  # type: ignore[arg-type]
            else:
                accept(actor=actor, column=column, element=_element(request), batch=batch)  # type: ignore[arg-type]
        except ValidationError as error:
            messages.error(request, translate("；").join(error.messages))
        else:
            remember(request, batch, 1)
            messages.success(request, said(self.what, 1))
        return HttpResponseRedirect(_back(request, column))


class ColumnChoose(SignedInView):
    """Search an element for a column that no proposal fits."""

    verb = "gene.decide"

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        column = get_object_or_404(columns_visible_to(request.user), pk=pk)
        require(request.user, "gene.decide", column)
        find = request.GET.get("find", "")
        title = translate("另选数据元")
        context = {
            "title": title,
            "crumbs": [HOME, (column.display_name, f"{column.get_absolute_url()}genes/"), (title, "")],
            "column": column,
            "find": find,
            "found": elements_found(find),
            "may_decide": True,
        }
        return render(request, "genes/choose_element.html", context)


class ColumnLevelDecide(SignedInView):
    """The level of a column; an empty one takes the person's word back."""

    verb = "gene.decide"
    http_method_names = ["post", "options"]
    of_table = False

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        rows: Any = tables_visible_to(request.user) if self.of_table else columns_visible_to(request.user)
        target = get_object_or_404(rows, pk=pk)
        try:
            level, basis = _level(request.POST.get("level", "")), request.POST.get("basis", "")
            if self.of_table:
                decide_table_level(actor=request.user, table=target, level=level, basis=basis)  # type: ignore[arg-type]
            else:
                decide_column_level(actor=request.user, column=target, level=level, basis=basis)  # type: ignore[arg-type]
        except ValidationError as error:
            messages.error(request, translate("；").join(error.messages))
        else:
            messages.success(request, translate("级别已确定。") if level else translate("已恢复为建议级别。"))
        return HttpResponseRedirect(_back(request, target))


def _level(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise ValidationError(translate("级别为 1 至 6。"))
    return int(text[:3])


def _element(request: HttpRequest) -> DataElement:
    try:
        return DataElement.objects.get(pk=request.POST.get("element", ""))
    except (ValidationError, DataElement.DoesNotExist) as error:
        raise ValidationError(translate("请选择数据元。")) from error


def _back(request: HttpRequest, target: Column | Any) -> str:
    if "query" in request.POST:
        return back_to_queue(request)
    return safe_next(request, f"{target.get_absolute_url()}genes/")
