"""Code sets being written: a new one, the next edition, its codes from a table, what old codes became."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from accounts.permissions import require
from accounts.scope import agency_ids
from core.texts import Text
from core.views import ActionView, Crumb, EditPage
from standards import selectors
from standards.code_tables import CODES, MAPPINGS, codes_of, mappings_of, told
from standards.forms import CodeEditionForm, CodeSetForm, TableForm
from standards.models import CodeSet, CodeSetEdition
from standards.services.code_sets import (
    create_code_set,
    draft_code_edition,
    edit_code_edition,
    replace_codes,
    replace_mappings,
)
from standards.views.review import CODE_SETS, HOME, crumbs_of


class CodeSetCreate(EditPage):
    verb = "standard.edit"
    form_class = CodeSetForm
    title = _("新建代码集")
    submit_label = _("保存草案")

    def crumbs(self) -> list[Crumb]:
        return [HOME, CODE_SETS, (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("standards:code_set_list")

    def form_arguments(self) -> dict[str, Any]:
        return {"agencies": Agency.objects.filter(pk__in=agency_ids(self.request.user, "standard.edit"))}

    def save(self, form: Any) -> tuple[str, Text]:
        code_set = create_code_set(actor=self.request.user, **form.cleaned_data)  # type: ignore[arg-type]
        edition = code_set.editions.get()
        return reverse("standards:codes_edit", args=[edition.pk]), translate("已保存草案，接着填写代码。")


class CodeEditionDraft(ActionView):
    """Begin the next edition with the codes of the one in force."""

    verb = "standard.edit"
    required_verb = "standard.edit"

    def queryset(self) -> QuerySet[CodeSet]:
        return selectors.code_sets_visible_to(self.request.user)

    def act(self, obj: CodeSet) -> Text:
        edition = draft_code_edition(actor=self.request.user, code_set=obj)  # type: ignore[arg-type]
        self.target_url = edition.get_absolute_url()
        return translate("已起草新版本，代码取自现行版本。")


class _OnCodeEdition(EditPage):
    verb = "standard.edit"
    edition: CodeSetEdition

    def prepare(self, **kwargs: Any) -> None:
        editions = selectors.code_editions_visible_to(self.request.user)
        self.edition = get_object_or_404(editions, pk=kwargs["pk"])
        require(self.request.user, "standard.edit", self.edition)

    def crumbs(self) -> list[Crumb]:
        here = (self.edition.label, self.edition.get_absolute_url())
        return [*crumbs_of(self.edition), here, (self.title, "")]

    def cancel_url(self) -> str:
        return self.edition.get_absolute_url()


class CodeEditionEdit(_OnCodeEdition):
    form_class = CodeEditionForm
    title = _("修改草案")
    submit_label = _("保存草案")

    def form_arguments(self) -> dict[str, Any]:
        return {"instance": self.edition}

    def save(self, form: Any) -> tuple[str, Text]:
        edition = CodeSetEdition.objects.get(pk=self.edition.pk)
        edit_code_edition(actor=self.request.user, edition=edition, **form.cleaned_data)  # type: ignore[arg-type]
        return self.cancel_url(), translate("已保存草案。")


class CodesEdit(_OnCodeEdition):
    """All the codes of a draft, as a table to edit, to paste or to upload; errors come back by line."""

    form_class = TableForm
    template_name = "standards/table_form.html"
    title = _("编辑代码")
    submit_label = _("保存代码")

    def form_arguments(self) -> dict[str, Any]:
        return {
            "labels": CODES,
            "initial": {"text": selectors.codes_as_text(self.edition)},
        }

    def extra_context(self) -> dict[str, Any]:
        return {"lead": str(self.edition), "heads": [names[0] for names in CODES.names.values()]}

    def save(self, form: Any) -> tuple[str, Text]:
        rows, problems = codes_of(form.table)
        if problems:
            raise ValidationError({form.source: told(problems)})
        count = replace_codes(actor=self.request.user, edition=self.edition, rows=rows)  # type: ignore[arg-type]
        return self.cancel_url(), translate("已保存 %(count)s 个代码。") % {"count": count}


class MappingsEdit(EditPage):
    """What old codes became, as a table."""

    verb = "standard.edit"
    form_class = TableForm
    template_name = "standards/table_form.html"
    title = _("编辑代码对照")
    submit_label = _("保存代码对照")
    code_set: CodeSet

    def prepare(self, **kwargs: Any) -> None:
        self.code_set = get_object_or_404(selectors.code_sets_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "standard.edit", self.code_set)

    def crumbs(self) -> list[Crumb]:
        return [HOME, CODE_SETS, (self.code_set.name, self.code_set.get_absolute_url()), (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("standards:code_set_detail", args=[self.code_set.pk, "mappings"])

    def form_arguments(self) -> dict[str, Any]:
        return {"labels": MAPPINGS, "initial": {"text": selectors.mappings_as_text(self.code_set)}}

    def extra_context(self) -> dict[str, Any]:
        return {"lead": str(self.code_set), "heads": [names[0] for names in MAPPINGS.names.values()]}

    def save(self, form: Any) -> tuple[str, Text]:
        rows, problems = mappings_of(form.table)
        if problems:
            raise ValidationError({form.source: told(problems)})
        count = replace_mappings(actor=self.request.user, code_set=self.code_set, rows=rows)  # type: ignore[arg-type]
        return self.cancel_url(), translate("已保存 %(count)s 条对照。") % {"count": count}
