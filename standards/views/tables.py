"""Tables of elements: one comes in by way of a preview that keeps nothing on the server, and its report goes out as a workbook."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from accounts.scope import agency_ids
from core.exporting import Field, respond
from core.texts import Text
from core.views import Crumb, EditPage, add_errors
from standards.element_tables import DEFAULT_TAKE, ELEMENTS, KINDS, WHAT_TAKING_DOES, Row, digest, packed
from standards.forms import ElementFileForm, ElementImportForm
from standards.services.element_import import import_elements, planned
from standards.views.review import ELEMENTS as ELEMENTS_CRUMB
from standards.views.review import HOME

SHOWN = 1_000  # rows of a preview page; the report has all
OUTCOMES: dict[str, tuple[Text, str]] = {
    "new": (_("新增"), "good"), "change": (_("变更"), "info"), "collision": (_("冲突"), "caution"),
    "error": (_("错误"), "bad"), "same": (_("相同"), ""),
}  # fmt: skip
_ORDER = ("error", "collision", "change", "new", "same")


class ElementImport(EditPage):
    """A file is uploaded; the page says what each row would become; the same rows, sent back with a choice, become drafts."""

    verb = "standard.edit"
    form_class = ElementFileForm
    template_name = "standards/element_import.html"
    title = _("导入数据元")
    submit_label = _("上传并预览")

    def crumbs(self) -> list[Crumb]:
        return [HOME, ELEMENTS_CRUMB, (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("standards:element_list")

    def form_arguments(self) -> dict[str, Any]:
        return {"agencies": Agency.objects.filter(pk__in=agency_ids(self.request.user, "standard.edit"))}

    def extra_context(self) -> dict[str, Any]:
        return {"heads": [(names[0], names[1:]) for names in ELEMENTS.names.values()]}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kind = ElementImportForm if "rows" in request.POST else ElementFileForm
        form: Any = kind(data=request.POST, files=request.FILES, **self.form_arguments())
        if not form.is_valid():
            if kind is ElementImportForm:  # what the preview sent was not its own
                for texts in form.errors.values():
                    messages.error(request, " ".join(texts))
                form = ElementFileForm(**self.form_arguments())
            return self.page(form, status=422)
        rows = planned(request.user, form.lines, form.cleaned_data["domain"])  # type: ignore[arg-type]
        if kind is ElementFileForm:
            return self._preview(form, rows, DEFAULT_TAKE)
        take = form.cleaned_data["take"]
        if request.POST.get("do") == "report":
            answer: HttpResponse = respond(request, "xlsx", translate("导入报告"), report(take), rows, len(rows))
            return answer
        try:
            data = form.cleaned_data
            done = import_elements(
                actor=request.user, agency=data["agency"], domain=data["domain"], lines=form.lines, take=take, seen=data["seen"]  # type: ignore[arg-type]
            )  # fmt: skip
        except ValidationError as error:
            add_errors(form, error)
            return self._preview(form, rows, take, status=422)
        messages.success(request, sentence(done, take))
        return HttpResponseRedirect(self.cancel_url())

    def _preview(self, form: Any, rows: Sequence[Row], take: Collection[str], status: int = 200) -> HttpResponse:
        counts = Counter(outcome_of(row) for row in rows)
        kinds = Counter(kind for row in rows for kind in row.kinds)
        listed = sorted(rows, key=lambda row: _ORDER.index(outcome_of(row)))
        context = {
            "form": form,
            "title": self.title,
            "crumbs": self.crumbs(),
            "agency": form.cleaned_data["agency"],
            "domain": form.cleaned_data["domain"],
            "over": getattr(form, "over", []),
            "packed": packed(form.lines),
            "seen": digest(rows),
            "counts": [(OUTCOMES[key][0], counts[key]) for key in ("new", "change", "same", "collision", "error")],
            "choices": [
                {"key": key, "label": KINDS[key], "does": WHAT_TAKING_DOES[key], "count": kinds[key], "on": key in take}
                for key in KINDS
                if kinds[key]
            ],
            "rows": [(row, *OUTCOMES[outcome_of(row)]) for row in listed[:SHOWN]],
            "more": max(0, len(rows) - SHOWN),
            "cancel_url": self.cancel_url(),
        }
        return render(self.request, "standards/element_import_preview.html", context, status=status)


def outcome_of(row: Row) -> str:
    return "collision" if row.collides else row.outcome


def report(take: Collection[str]) -> list[Field]:
    """The columns of the report: where, what it became, why, and the row as it stood."""
    columns = [
        Field(_("工作表"), lambda row: row.line.sheet),
        Field(_("行号"), lambda row: row.line.line),
        Field(_("结果"), lambda row: OUTCOMES[outcome_of(row)][0]),
        Field(_("处理"), lambda row: translate("导入") if row.taken(take) else translate("不导入")),
        Field(_("原因"), lambda row: "\n".join(text for _kind, text in row.reasons)),
    ]
    return columns + [Field(heads[0], _cell(key)) for key, heads in ELEMENTS.names.items()]


def _cell(key: str) -> Any:
    return lambda row: row.line.values.get(key, "")


def sentence(rows: Sequence[Row], take: Collection[str]) -> str:
    taken = [row for row in rows if row.taken(take)]
    told = translate(
        "已导入 %(taken)s 行：新建草案 %(new)s 个，起草新版本或补充名称 %(changed)s 个；未导入 %(left)s 行。"
    )
    new = sum(row.outcome == "new" for row in taken)
    return told % {"taken": len(taken), "new": new, "changed": len(taken) - new, "left": len(rows) - len(taken)}
