"""Indicators, panels, navigation, messages, visibility: the small explicit registries."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import F
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, Grant, Person
from core import context, indicators, messages, navigation, panels, selectors, visibility
from core.indicators import Indicator
from core.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> Person:
    key = uuid4()
    agency = Agency.objects.create(id=key, code="FG", name="房管局", path=f"/{key.hex}/", level=0, sort_key="fg")
    person = Person.objects.create_user("viewer", name="观察员", agency=agency)
    Grant.objects.create(person=person, role="viewer", agency=agency)
    return person


@pytest.fixture
def three_jobs(user) -> list[Job]:
    """Two jobs of the user's agency with 10 and 20 units of progress, one of another agency."""
    fields = {"kind": "k", "target": "t"}
    return [
        Job.objects.create(**fields, scope_id=user.agency_id, progress_done=10, actor_id=user.pk),
        Job.objects.create(**fields, scope_id=user.agency_id, progress_done=20),
        Job.objects.create(**fields, scope_id=uuid4(), progress_done=40),
    ]


@pytest.fixture(autouse=True)
def empty_registries(monkeypatch):
    monkeypatch.setattr(indicators, "_indicators", {})
    monkeypatch.setattr(panels, "_panels", {})
    monkeypatch.setattr(navigation, "_items", {key: [] for key in navigation.GROUPS})
    monkeypatch.setattr(navigation, "_foot", [])


def page(request):
    raise AssertionError("only reversed")


urlpatterns = [
    path("jobs/", page, name="job_list"),
    path("sources/", page, name="source_list"),
    path("secret/", page, name="secret_list"),
]


def jobs_of(user):
    return selectors.jobs_visible_to(user)


def define(key: str, **fields) -> Indicator:
    made = Indicator(**{"key": key, "label": "任务", "queryset": jobs_of, "url": lambda: "/jobs/", **fields})
    indicators.register(made)
    return made


def test_a_number_equals_the_length_of_its_list(user, three_jobs):
    define("jobs")
    assert indicators.value("jobs", user) == jobs_of(user).count() == 2


def test_a_total_equals_the_sum_over_its_list(user, three_jobs):
    define("work", total="progress_done")
    define("none", total="progress_done", queryset=lambda user: jobs_of(user).filter(kind="other"))
    readings = indicators.read(["work", "none"], user)
    assert (readings["work"].value, readings["none"].value) == (30, 0)


def test_many_numbers_are_one_statement_in_the_order_asked(user, three_jobs):
    define("all")
    define("distinct", queryset=lambda user: jobs_of(user).order_by("kind").distinct())
    define("annotated", total="twice", queryset=lambda user: jobs_of(user).annotate(twice=F("progress_done") * 2))
    define("nothing", queryset=lambda user: Job.objects.none())
    define("late", overdue=lambda user: jobs_of(user).filter(progress_done=20))
    indicators.read(["all"], user)
    with CaptureQueriesContext(connection) as queries:
        readings = indicators.read(["late", "all", "distinct", "annotated", "nothing", "all"], user)
    assert len(queries) == 1
    assert [(key, item.value) for key, item in readings.items()] == [
        ("late", 2), ("all", 2), ("distinct", 2), ("annotated", 60), ("nothing", 0),
    ]  # fmt: skip
    assert readings["late"].overdue == 1
    assert indicators.read([], user) == {}


def test_parameters_that_look_like_placeholders_are_values(user, three_jobs):
    Job.objects.filter(pk=three_jobs[0].pk).update(target="100% %s '")
    define("odd", queryset=lambda user: jobs_of(user).filter(target="100% %s '"))
    assert indicators.value("odd", user) == 1


def test_what_waits_for_the_user_leaves_out_zeros(user, three_jobs):
    define("mine", personal=True, queryset=lambda user: jobs_of(user).filter(actor_id=user.pk))
    define("zero", personal=True, queryset=lambda user: Job.objects.none())
    define("public")
    assert [
        (todo.indicator.key, todo.value) for todo in indicators.todos(indicators.read(indicators.personal_keys(), user))
    ] == [("mine", 1)]


def test_indicators_are_listed_by_group_and_order():
    define("b", group="assets", order=2)
    define("a", group="assets", order=1)
    define("c", group="quality", personal=True)
    assert [item.key for item in indicators.all_indicators()] == ["a", "b", "c"]
    assert [item.key for item in indicators.all_indicators("assets")] == ["a", "b"]
    assert [item.key for item in indicators.all_indicators(personal=True)] == ["c"]


def test_a_second_owner_of_a_name_is_refused():
    define("jobs")
    with pytest.raises(ValueError, match="twice"):
        define("jobs")
    panel = panels.Panel("quality", "质量", "x.html", lambda obj, user: {})
    panels.register("core.Job", panel)
    panels.register("core.Job", panel)  # the same object again is no conflict
    with pytest.raises(ValueError, match="twice"):
        panels.register("core.Job", panels.Panel("quality", "质量", "y.html", lambda obj, user: {}))
    with pytest.raises(KeyError):
        indicators.get("unknown")


def test_panels_come_in_order_and_only_to_those_allowed():
    job = Job()
    panels.register("core.Job", panels.Panel("b", "乙", "b.html", lambda obj, user: {}, order=2))
    panels.register("core.Job", panels.Panel("a", "甲", "a.html", lambda obj, user: {"of": obj}, order=1))
    panels.register(
        "core.Job", panels.Panel("c", "丙", "c.html", lambda obj, user: {}, allowed=lambda obj, user: user == "boss")
    )
    assert [panel.key for panel in panels.panels_for(job, "clerk")] == ["a", "b"]
    assert [panel.key for panel in panels.panels_for(job, "boss")] == ["a", "b", "c"]
    assert panels.get(job, "c", "clerk") is None
    assert panels.get(job, "a", "clerk").context(job, "clerk") == {"of": job}


def test_the_menu_shows_what_is_allowed_with_its_open_work(user, three_jobs, settings):
    settings.ROOT_URLCONF = __name__
    define("mine", queryset=lambda user: jobs_of(user), overdue=lambda user: jobs_of(user).filter(progress_done=20))
    register = navigation.register
    register("management", navigation.Item("任务", "list", "job_list", order=2, work="mine"))
    register("management", navigation.Item("数据源", "db", "source_list", order=1))
    register("management", navigation.Item("审计", "eye", "secret_list", allowed=lambda user: False))
    register("norms", navigation.Item("标准", "book", "no_such_page"))
    [group] = navigation.menu(user, "/jobs/3/", indicators.read(navigation.works(), user))
    assert (group.key, str(group.label)) == ("management", "管理")
    assert [(str(e.label), e.url, e.current) for e in group.entries] == [
        ("数据源", "/sources/", False),
        ("任务", "/jobs/", True),
    ]
    assert [(e.work.value, e.work.overdue) for e in group.entries if e.work] == [(2, 1)]
    with pytest.raises(ValueError, match="twice"):
        register("norms", navigation.Item("任务", "list", "job_list"))
    with pytest.raises(KeyError):
        register("nowhere", navigation.Item("任务", "list", "x"))


def test_the_shell_costs_nothing_until_it_is_shown(user, three_jobs):
    define("mine", personal=True)
    navigation.register_foot(lambda user: navigation.Foot("2 个数据源正常", "good", "/"))
    request = RequestFactory().get("/")
    request.user = user
    with CaptureQueriesContext(connection) as queries:
        shell = context.shell(request)
    assert len(queries) == 0
    assert (shell["running_jobs"], len(shell["todos"]), shell["nav_foot"].tone) == (2, 1, "good")
    request.user = AnonymousUser()
    assert context.shell(request) == {"nav_groups": [], "nav_foot": None, "running_jobs": 0, "todos": []}


def test_jobs_are_seen_by_their_agency_and_by_who_started_them(user, three_jobs):
    key = uuid4()
    office = Agency.objects.create(id=key, code="SW", name="税务局", path=f"/{key.hex}/", level=0, sort_key="sw")
    Grant.objects.create(person=user, role="security_admin", agency=office)  # sees the agency, not its jobs
    elsewhere = Job.objects.create(kind="k", target="t", scope_id=office.pk, actor_id=user.pk)
    Job.objects.create(kind="k", target="t", scope_id=office.pk)
    Job.objects.create(kind="k", target="t", scope_id=uuid4(), actor_id=user.pk)  # no role is held there any more
    assert set(jobs_of(user)) == {*three_jobs[:2], elsewhere}
    assert list(jobs_of(AnonymousUser())) == []
    assert list(visibility.visible_to(AnonymousUser(), Job.objects.all())) == []
    assert visibility.can(user, "job.view", three_jobs[0]) is True
    assert visibility.can(user, "job.view", three_jobs[2]) is False


def test_without_an_answer_nobody_sees_anything(user, three_jobs, monkeypatch):
    monkeypatch.setattr(visibility, "_provider", None)
    assert list(visibility.visible_to(user, Job.objects.all())) == []
    assert visibility.can(user, "job.view", three_jobs[0]) is False


def test_messages_fill_in_what_they_know_and_never_break(monkeypatch):
    monkeypatch.setattr(messages, "_templates", dict(messages._templates))
    messages.register("test.refused", _("{host} 拒绝了账户 {user}。"))
    assert (
        messages.text("test.refused", {"host": "10.1.1.1", "user": "{0.__class__}"})
        == "10.1.1.1 拒绝了账户 {0.__class__}。"
    )
    assert messages.text("test.refused") == "… 拒绝了账户 …。"
    assert messages.text("of.another.release") == "操作没有完成（of.another.release）。"
    with pytest.raises(ValueError, match="twice"):
        messages.register("test.refused", _("别的话"))


def test_an_error_is_read_in_the_readers_language():
    job = Job(error_code="worker_lost")
    with translation.override("zh-hans"):
        assert job.error_text.startswith("执行任务的进程")
    assert (Job().error_text, Job(phase="unknown").phase_text) == ("", "")


@pytest.mark.parametrize(("done", "total", "percent"), [(0, 0, None), (0, 3, 0), (1, 3, 33), (3, 3, 100), (4, 3, 100)])
def test_percent_is_whole_and_at_most_a_hundred(done, total, percent):
    assert Job(progress_done=done, progress_total=total).percent == percent
