"""The design-time check: paste what is to be built, see what each column carries and what deviates from the standard."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from core.views import Crumb, SignedInView
from genes.advice import problem_in_words
from genes.engine.ddl import Refused
from genes.forms import DesignForm
from genes.selectors.design import Check, check
from genes.views.workbench import HOME

DESIGN: Crumb = (_("设计时核对"), "/genes/design/")


class DesignCheck(SignedInView):
    """Asked by POST because a DDL is too long for an address; nothing is stored."""

    verb = "data.view"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(DesignForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = DesignForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=422)
        try:
            found = check(
                form.cleaned_data["text"], kind=form.cleaned_data["kind"], product=form.cleaned_data["product"]
            )
        except Refused as error:
            form.add_error("text", problem_in_words(error.problem))
            return self._page(form, status=422)
        return self._page(form, found)

    def _page(self, form: DesignForm, found: Check | None = None, status: int = 200) -> HttpResponse:
        context = {
            "title": translate("设计时核对"), "crumbs": [HOME, (DESIGN[0], "")], "form": form, "found": found,
            "problems": [problem_in_words(problem) for problem in found.problems] if found else [],
        }  # fmt: skip
        return render(self.request, "genes/design.html", context, status=status)
