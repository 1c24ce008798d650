"""Registering a source in four steps, each with its URL: kind, connection, check, plan.

The connection is stored after the second step (its password sealed), so that the check can be a job in a worker and
nothing typed is lost when one leaves half-way.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import require
from assets.forms import PlanForm, SourceForm, UploadForm, initial_connection
from assets.models import DataSource
from assets.policy import is_uploaded
from assets.selectors import register
from assets.services.requests import request_census, test_source
from assets.services.sources import register_source, update_source
from assets.services.uploads import MAX_BODY, register_upload
from assets.views.common import sources_crumb
from core.texts import Text
from core.views import Crumb, EditPage, SignedInView


class ChooseKind(SignedInView):
    verb = "source.manage"

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "title": _("登记数据源"),
            "crumbs": [sources_crumb(), (_("登记数据源"), "")],
            "kinds": register.source_kinds(),
        }
        return render(request, "assets/source_choose_kind.html", context)


class Connection(EditPage):
    """Step 2: where it is and how to sign in there."""

    verb = "source.manage"
    form_class = SourceForm
    title = _("登记数据源")
    submit_label = _("保存并测试连接")
    template_name = "assets/source_form.html"
    kind: register.SourceKind

    def prepare(self, **kwargs: Any) -> None:
        found = {item.kind: item for item in register.source_kinds()}
        if kwargs["kind"] not in found:
            raise Http404
        self.kind = found[kwargs["kind"]]

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.request.user, "parameters": self.kind.parameters}

    def extra_context(self) -> dict[str, Any]:
        return {"step": 2, "kind_label": self.kind.label}

    def crumbs(self) -> list[Crumb]:
        return [sources_crumb(), (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("assets:source_list")

    def save(self, form: Any) -> tuple[str, Text]:
        given = form.given
        try:
            source = register_source(
                actor=self.request.user, agency=given.pop("agency"), kind=self.kind.kind,  # type: ignore[arg-type]
                parameters=form.connection, secrets=form.secrets, **given,
            )  # fmt: skip
        except ValidationError as error:
            raise renamed(error) from error
        test_source(actor=self.request.user, source=source)  # type: ignore[arg-type]
        return reverse("assets:source_check", args=[source.pk]), _("数据源已登记，正在测试连接。")


class UploadFiles(EditPage):
    """Step 2 for files that are uploaded rather than lying in a folder."""

    verb = "source.manage"
    form_class = UploadForm
    title = _("上传文件作为数据源")
    submit_label = _("上传文件")
    template_name = "assets/source_form.html"
    max_body = MAX_BODY

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.request.user}

    def extra_context(self) -> dict[str, Any]:
        return {"step": 2, "kind_label": _("上传文件")}

    def crumbs(self) -> list[Crumb]:
        return [sources_crumb(), (self.title, "")]

    def cancel_url(self) -> str:
        return reverse("assets:source_add")

    def save(self, form: Any) -> tuple[str, Text]:
        given = form.given
        source = register_upload(
            actor=self.request.user,
            agency=given.pop("agency"),
            files=form.cleaned_data["files"],
            **given,  # type: ignore[arg-type]
        )
        test_source(actor=self.request.user, source=source)  # type: ignore[arg-type]
        return reverse("assets:source_check", args=[source.pk]), _("文件已上传，正在检查。")


class _OfSource(EditPage):
    """A form about a source that is there already."""

    verb = "source.manage"
    source: DataSource

    def prepare(self, **kwargs: Any) -> None:
        self.source = get_object_or_404(register.sources_visible_to(self.request.user), pk=kwargs["pk"])
        require(self.request.user, "source.manage", self.source)

    def crumbs(self) -> list[Crumb]:
        return [sources_crumb(), (self.source.name, self.source.get_absolute_url()), (self.title, "")]

    def cancel_url(self) -> str:
        return self.source.get_absolute_url()


class ConnectionEdit(_OfSource):
    """Changing a registered source; its password is never shown, an empty field leaves it."""

    form_class = SourceForm
    title = _("修改数据源")
    submit_label = _("保存并测试连接")
    template_name = "assets/source_form.html"

    def form_arguments(self) -> dict[str, Any]:
        kinds = {item.kind: item for item in register.source_kinds()}
        names = ("name", "system", "contact_name", "contact_phone", "values_policy")
        shown = {name: getattr(self.source, name) for name in names}
        return {
            "user": self.request.user, "parameters": () if is_uploaded(self.source) else kinds[self.source.kind].parameters,
            "has_secrets": self.source.has_secrets, "registered": True,
            "initial": {**shown, **initial_connection(self.source.parameters)},
        }  # fmt: skip

    def extra_context(self) -> dict[str, Any]:
        return {"kind_label": register.kind_labels().get(self.source.kind, self.source.kind)}

    def save(self, form: Any) -> tuple[str, Text]:
        connection = None if is_uploaded(self.source) else form.connection
        try:
            update_source(
                actor=self.request.user,
                source=self.source,
                parameters=connection,
                secrets=form.secrets,
                **form.given,  # type: ignore[arg-type]
            )
        except ValidationError as error:
            raise renamed(error) from error
        test_source(actor=self.request.user, source=self.source)  # type: ignore[arg-type]
        return reverse("assets:source_check", args=[self.source.pk]), _("数据源已保存，正在测试连接。")


class Check(SignedInView):
    """Step 3: what the connection test found, live; a write-capable account is warned about."""

    verb = "source.view"

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        source = get_object_or_404(register.sources_visible_to(request.user), pk=pk)
        require(request.user, "source.manage", source)
        tests = register.jobs_of_source(request.user, source.pk).filter(kind="assets.test_source")
        job = tests.first()
        context = {
            "title": _("测试连接"),
            "crumbs": [sources_crumb(), (source.name, source.get_absolute_url()), (_("测试连接"), "")],
            "source": source,
            "job": job,
        }
        polled = request.headers.get("HX-Request") == "true"
        return render(request, "assets/_source_check.html" if polled else "assets/source_check.html", context)


class Plan(_OfSource):
    """Step 4: schedules and policy, then the first census."""

    form_class = PlanForm
    title = _("盘点与扫描计划")
    submit_label = _("保存计划")
    template_name = "assets/source_plan.html"

    def form_arguments(self) -> dict[str, Any]:
        first = self.source.last_census_at is None
        shown = {name: getattr(self.source, name) for name in ("census_cron", "scan_cron", "push_only")}
        if first and not self.source.census_cron:
            shown |= {"census_cron": "0 2 * * *", "scan_cron": "30 3 * * 6"}
        return {"initial": {**shown, "census_now": first}}

    def extra_context(self) -> dict[str, Any]:
        return {"source": self.source, "step": 4}

    def save(self, form: Any) -> tuple[str, Text]:
        fields = {name: form.cleaned_data[name] for name in ("census_cron", "scan_cron", "push_only")}
        update_source(actor=self.request.user, source=self.source, **fields)  # type: ignore[arg-type]
        if not form.cleaned_data["census_now"]:
            return self.source.get_absolute_url(), _("计划已保存。")
        request_census(actor=self.request.user, source=self.source)  # type: ignore[arg-type]
        return self.source.get_absolute_url(), _("计划已保存，已启动盘点。")


def renamed(error: ValidationError) -> ValidationError:
    """A service's refusal under the names that the fields have here."""
    if not hasattr(error, "error_dict"):
        return error
    heads = {"parameters.": "parameter_", "secrets.": "secret_"}
    found = {}
    for name, texts in error.message_dict.items():
        head = next((head for head in heads if name.startswith(head)), "")
        found[heads[head] + name.removeprefix(head) if head else name] = texts
    return ValidationError(found)
