"""The bases of pages, over jobs: selection, tabs and inspector, forms whose service refuses, verbs."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, QueryDict
from django.urls import include, path

from core import panels
from core.models import Job
from core.panels import Panel
from core.views import ActionView, Column, DetailPage, EditPage, ListPage, Tab, add_errors, selected_rows, with_query
from datagene.filters import JobFilter
from tests.accounts import world

pytestmark = pytest.mark.django_db


class Jobs(ListPage):
    columns = (Column("target", "任务", "target_label"),)
    row_template = "core/_job_row.html"
    filterset_class = JobFilter

    def queryset(self) -> Any:
        return Job.objects.filter(kind="shown")


class OneJob(DetailPage):
    url_name = "one_job"
    template_name = "components/detail_page.html"
    tabs = (
        Tab("first", "概览", "components/stat.html", lambda job, user: {"label": "甲", "value": 1}, order=1),
        Tab("last", "最后", "components/stat.html", count=lambda job, user: 7, order=99),
    )

    def queryset(self) -> Any:
        return Job.objects.filter(kind="shown")

    def inspector(self, key: str) -> Any:
        return ("components/stat.html", {"label": "详情", "value": key}) if key == "known" else None


class NameForm(forms.Form):
    name = forms.CharField(label="名称", help_text="写全称")


class EditName(EditPage):
    form_class = NameForm
    title = "修改名称"

    def save(self, form: Any) -> Any:
        if form.cleaned_data["name"] == "占用":
            raise ValidationError({"name": "名称已被占用。", "other": "与别处不一致。"})
        return "/help/", "已保存。"


class Touch(ActionView):
    required_verb = "job.cancel"

    def queryset(self) -> Any:
        return Job.objects.filter(kind="shown")

    def act(self, obj: Job) -> str:
        if obj.target_label == "坏":
            raise ValidationError("现在不行。")
        return "完成了。"


urlpatterns = [
    path("", include("datagene.urls")),
    path("one/<uuid:pk>/", OneJob.as_view(), name="one_job"),
    path("one/<uuid:pk>/<slug:tab>/", OneJob.as_view(), name="one_job"),
    path("name/", EditName.as_view()),
]


@pytest.fixture
def steward() -> Any:
    return world.person(world.agency("市公安局"), "steward")


@pytest.fixture
def jobs(steward: Any) -> list[Job]:
    return [
        Job.objects.create(kind=kind, target="t", target_label=label, scope_id=steward.agency_id)
        for label, kind in (("甲", "shown"), ("乙", "shown"), ("丙", "hidden"))
    ]


@pytest.fixture
def pages(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


def posted(rf: Any, user: Any, **data: Any) -> Any:
    request = rf.post("/", data)
    request.user, request.session = user, {}
    request._messages = CookieStorage(request)
    return request


def test_a_bulk_action_takes_the_ticked_rows_that_are_visible(rf: Any, steward: Any, jobs: list[Job]) -> None:
    request = posted(rf, steward, selected=[jobs[0].pk, jobs[2].pk])
    assert [job.target_label for job in selected_rows(request, Jobs())] == ["甲"]


def test_a_bulk_action_over_all_takes_what_the_filter_showed(rf: Any, steward: Any, jobs: list[Job]) -> None:
    request = posted(rf, steward, all="1", query="q=乙&page=3", selected=[jobs[0].pk])
    assert [job.target_label for job in selected_rows(request, Jobs())] == ["乙"]


def test_a_selection_that_is_no_id_is_not_found(rf: Any, steward: Any) -> None:
    with pytest.raises(Http404):
        list(selected_rows(posted(rf, steward, selected=["'; drop table"]), Jobs()))


def test_query_strings_keep_what_they_do_not_change() -> None:
    query = QueryDict("q=人口&state=a&state=b&page=3")
    assert with_query(query, page=None, sort="-rows") == "?q=%E4%BA%BA%E5%8F%A3&state=a&state=b&sort=-rows"


@pytest.fixture
def panel() -> Iterator[None]:
    panels.register("core.Job", Panel("extra", "插入", "components/stat.html", lambda job, user: {}, order=50))
    yield
    del panels._panels["core.Job"]["extra"]


def test_a_detail_page_orders_its_tabs_with_the_panels_of_others(
    pages: None, panel: None, steward: Any, jobs: list[Job]
) -> None:
    client = world.browser(steward)
    address = f"/one/{jobs[0].pk}/"
    response = client.get(address)
    assert [(tab.label, tab.href, tab.current, tab.count) for tab in response.context["tabs"]] == [
        ("概览", address, True, None),
        ("插入", f"{address}extra/", False, None),
        ("最后", f"{address}last/", False, 7),
    ]
    assert client.get(f"{address}extra/").context["tab"] == "extra"
    assert client.get(f"{address}nonsense/").status_code == 404
    assert client.get(f"/one/{jobs[2].pk}/").status_code == 404


def test_an_inspector_is_kept_in_the_url_and_comes_alone_for_htmx(pages: None, steward: Any, jobs: list[Job]) -> None:
    client = world.browser(steward)
    address = f"/one/{jobs[0].pk}/"
    whole = client.get(f"{address}?inspect=known&page=2")
    assert whole.context["inspector_close"] == f"{address}?page=2"
    assert "inspect" not in client.get(f"{address}?inspect=unknown").context
    part = client.get(f"{address}?inspect=known", headers={"HX-Request": "true", "HX-Target": "inspector"})
    assert "<html" not in part.content.decode()
    assert "<dt>详情</dt><dd>known</dd>" in part.content.decode()


def test_a_form_keeps_what_was_typed_and_names_every_error(pages: None, steward: Any) -> None:
    client = world.browser(steward)
    fresh = client.get("/name/").content.decode()
    assert 'aria-describedby="id_name_helptext"' in fresh
    assert "error-summary" not in fresh
    refused = client.post("/name/", {"name": "占用"})
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "<title>错误：修改名称" in html
    assert "有 2 处需要修改" in html
    assert '<a href="#id_name">名称：名称已被占用。</a>' in html
    assert "与别处不一致。" in html
    assert 'value="占用"' in html
    assert 'aria-invalid="true"' in html
    assert client.post("/name/", {"name": "好"}, follow=True).redirect_chain == [("/help/", 302)]


def test_cancel_leads_back_but_never_away(pages: None, steward: Any) -> None:
    client = world.browser(steward)
    assert client.get("/name/?next=/jobs/").context["cancel_url"] == "/jobs/"
    assert client.get("/name/?next=//elsewhere.example").context["cancel_url"] == "/"


def test_errors_without_a_field_stand_above_the_form() -> None:
    form = NameForm({"name": "x"})
    add_errors(form, ValidationError(["一", "二"]))
    assert form.non_field_errors() == ["一", "二"]


def test_a_verb_is_done_told_and_leads_back(rf: Any, steward: Any, jobs: list[Job]) -> None:
    request = posted(rf, steward)
    response = Touch.as_view()(request, pk=jobs[0].pk)
    assert (response.status_code, response["Location"]) == (302, jobs[0].get_absolute_url())
    assert [str(message) for message in get_messages(request)] == ["完成了。"]


def test_a_refused_verb_says_why(rf: Any, steward: Any, jobs: list[Job]) -> None:
    Job.objects.filter(pk=jobs[0].pk).update(target_label="坏")
    request = posted(rf, steward, next="/jobs/")
    assert Touch.as_view()(request, pk=jobs[0].pk)["Location"] == "/jobs/"
    assert [(message.level_tag, str(message)) for message in get_messages(request)] == [("error", "现在不行。")]


def test_a_verb_needs_its_right_and_a_post(rf: Any, steward: Any, jobs: list[Job]) -> None:
    viewer = world.person(steward.agency, "viewer")
    with pytest.raises(PermissionDenied):
        Touch.as_view()(posted(rf, viewer), pk=jobs[0].pk)
    with pytest.raises(Http404):
        Touch.as_view()(posted(rf, steward), pk=jobs[2].pk)
    assert Touch.as_view()(SimpleNamespace(method="GET", user=steward, path="/"), pk=jobs[0].pk).status_code == 405
