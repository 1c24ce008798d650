"""Pages of core: lists and their URLs, jobs and their verbs, search, the audit trail, error pages."""

import re
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.services.sign_in import IDLE_LIMIT
from core import job_kinds, search
from core.models import AuditEntry, Job, JobItem
from datagene import pages
from tests.accounts.world import browser
from tests.datagene.conftest import make_job

JOBS = "/jobs/"


def names(response: Any) -> list[str]:
    return re.findall(r'<span class="name"><a href="[^"]*">([^<]*)</a>', response.content.decode())


def count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


# Lists -------------------------------------------------------------------------------------------------------------


def test_a_list_needs_the_same_queries_for_one_row_as_for_many(city: SimpleNamespace) -> None:
    client = browser(city.officer)
    make_job(city.police, "甲")
    client.get(JOBS)  # the first page after sign-in writes the session
    few = count_queries(client, JOBS)
    for number in range(30):
        make_job(city.police, f"乙{number}")
    assert count_queries(client, JOBS) == few


def test_a_list_sorts_by_its_links_and_says_how(city: SimpleNamespace) -> None:
    for label in ("b", "c", "a"):
        make_job(city.police, label)
    client = browser(city.officer)
    assert names(client.get(JOBS)) == ["a", "c", "b"]  # newest first
    rising = client.get(JOBS + "?sort=target")
    assert names(rising) == ["a", "b", "c"]
    assert 'aria-sort="ascending"' in rising.content.decode()
    assert 'href="?sort=-target"' in rising.content.decode()
    assert names(client.get(JOBS + "?sort=-target")) == ["c", "b", "a"]


@pytest.mark.parametrize(
    "query", ["?sort=password", "?sort=--target", "?page=abc", "?page=-1", "?page=99", "?state=nonsense", "?kind=%00"]
)
def test_a_hostile_query_is_an_ordinary_list(city: SimpleNamespace, query: str) -> None:
    make_job(city.police, "a")
    assert browser(city.officer).get(JOBS + query).status_code == 200


def test_pages_do_not_overlap_and_keep_the_filter(city: SimpleNamespace) -> None:
    for _number in range(60):
        make_job(city.police, "同名")
    client = browser(city.officer)
    first = client.get(JOBS + "?q=同名&sort=target")
    second = client.get(JOBS + "?q=同名&sort=target&page=2")
    links = re.compile(r'<span class="name"><a href="([^"]*)"')
    seen = [set(links.findall(response.content.decode())) for response in (first, second)]
    assert [len(page) for page in seen] == [50, 10]
    assert seen[0] & seen[1] == set()
    assert "第 1 至 50 个，共 60 个任务" in first.content.decode()
    assert "q=%E5%90%8C%E5%90%8D&amp;sort=target&amp;page=2" in first.content.decode()


def test_an_empty_list_and_an_empty_filter_say_different_things(city: SimpleNamespace) -> None:
    client = browser(city.officer)
    assert "还没有任务。" in client.get(JOBS).content.decode()
    make_job(city.police, "甲")
    filtered = client.get(JOBS + "?q=乙").content.decode()
    assert "没有符合条件的结果。" in filtered
    assert "还没有任务。" not in filtered
    assert 'href="/jobs/">清除筛选' in filtered


def test_an_active_filter_is_a_chip_that_removes_it(city: SimpleNamespace) -> None:
    make_job(city.police, "甲")
    html = browser(city.officer).get(JOBS + "?q=甲&state=open&sort=target").content.decode()
    assert re.findall(r'<a class="chip" href="([^"]*)">([^<]*)<svg', html) == [
        ("?state=open&amp;sort=target", "搜索对象：甲"),
        ("?q=%E7%94%B2&amp;sort=target", "状态：进行中和排队"),
    ]


def test_quick_filters_count_what_they_open(city: SimpleNamespace) -> None:
    make_job(city.police, "甲")
    make_job(city.police, "乙", state="failed", error_code="timeout", error_params={"seconds": 9})
    client = browser(city.officer)
    html = client.get(JOBS).content.decode()
    chips = re.findall(r'<a class="chip" href="([^"]*)"[^>]*>([^<]*) <b>(\d+)</b>', html)
    assert [(text, int(count)) for _href, text, count in chips] == [
        ("全部", 2),
        ("进行中和排队", 1),
        ("已完成", 0),
        ("失败", 1),
    ]
    for href, _text, count in chips:
        assert len(names(client.get(JOBS + href))) == int(count)


def test_htmx_gets_the_results_alone(city: SimpleNamespace) -> None:
    make_job(city.police, "甲")
    client = browser(city.officer)
    part = client.get(JOBS, headers={"HX-Request": "true", "HX-Target": "list-results"})
    assert "<html" not in part.content.decode()
    assert names(part) == ["甲"]
    whole = client.get(JOBS, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in whole.content.decode()


def test_harvested_names_cannot_break_a_page(city: SimpleNamespace) -> None:
    make_job(city.police, "<script>alert(1)</script>\u202e")
    html = browser(city.officer).get(JOBS).content.decode()
    assert "<script>alert(1)" not in html
    assert "⟨U+202E⟩" in html


# Who may see ---------------------------------------------------------------------------------------------------------


def test_jobs_of_another_agency_are_not_there(city: SimpleNamespace) -> None:
    job = make_job(city.tax, "税务局的秘密")
    client = browser(city.officer)
    assert names(client.get(JOBS)) == []
    for name in ("job_detail", "job_block", "job_progress"):
        assert client.get(reverse(f"core:{name}", args=[job.pk])).status_code == 404
    for name in ("job_cancel", "job_retry"):
        assert client.post(reverse(f"core:{name}", args=[job.pk])).status_code == 404
    assert "税务局的秘密" not in client.get("/").content.decode()
    assert names(browser(city.clerk).get(JOBS)) == ["税务局的秘密"]


@pytest.mark.parametrize(
    "address", ["/", "/jobs/", "/search/?q=a", "/audit/", "/help/", "/jobs/7c0e1f8e-3d5b-4a55-9a39-2b6f0f3c1d11/"]
)
def test_a_visitor_is_sent_to_sign_in_and_back(db: None, address: str) -> None:
    response = Client().get(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=")


def test_a_polling_fragment_sends_the_whole_page_to_sign_in(db: None) -> None:
    response = Client().get(f"/jobs/{uuid4()}/block/", headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert response["HX-Redirect"].startswith("/sign-in/")
    assert "block" not in response["HX-Redirect"]


def test_the_audit_trail_is_for_auditors(city: SimpleNamespace) -> None:
    assert browser(city.officer).get("/audit/").status_code == 403
    assert "新增了机构" in browser(city.auditor).get("/audit/").content.decode()


# Jobs ----------------------------------------------------------------------------------------------------------------


def test_the_job_page_names_what_failed_first(city: SimpleNamespace) -> None:
    job = make_job(city.police, "人口库", state="succeeded", partial=True, progress_done=2, progress_total=2)
    JobItem.objects.create(job=job, key="a", label="public.good")
    JobItem.objects.create(
        job=job, key="b", label="public.bad", state="failed", detail={"code": "timeout", "params": {"seconds": 9}}
    )
    JobItem.objects.create(job=job, key="c", label="public.better")
    html = browser(city.officer).get(job.get_absolute_url()).content.decode()
    assert re.findall(r"public\.\w+", html) == ["public.bad", "public.better", "public.good"]
    assert "部分完成" in html
    assert "任务超过 9 秒仍未完成" in html
    assert "hx-get" not in html.split('id="job-block"')[1]  # it has ended, nothing polls


def test_an_open_job_polls_and_a_finished_one_tells_the_chip(city: SimpleNamespace) -> None:
    job = make_job(city.police, "人口库")
    client = browser(city.officer)
    polling = client.get(reverse("core:job_progress", args=[job.pk]))
    assert 'hx-trigger="every 2s"' in polling.content.decode()
    assert "HX-Trigger" not in polling.headers
    Job.objects.filter(pk=job.pk).update(state="cancelled", finished_at=job.created_at)
    ended = client.get(reverse("core:job_progress", args=[job.pk]))
    assert "hx-trigger" not in ended.content.decode()
    assert ended["HX-Trigger"] == "jobs-changed"


def test_cancelling_needs_the_verb_or_being_its_starter(city: SimpleNamespace) -> None:
    job, own = make_job(city.police, "甲"), make_job(city.police, "乙", actor_id=city.viewer.pk)
    client = browser(city.viewer)
    address = reverse("core:job_cancel", args=[job.pk])
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 403
    assert client.post(reverse("core:job_cancel", args=[own.pk]), follow=True).status_code == 200
    assert set(Job.objects.values_list("target_label", "state")) == {("甲", "queued"), ("乙", "cancelled")}
    assert browser(city.officer).post(address)["Location"] == job.get_absolute_url()
    assert AuditEntry.objects.filter(verb="job.cancel").count() == 2


def test_a_failed_job_is_repeated_as_a_new_one(city: SimpleNamespace) -> None:
    kind = job_kinds.all_kinds()[0].kind
    job = make_job(city.police, "甲", kind=kind, state="failed", error_code="timeout", idem_key="k", params={"a": 1})
    response = browser(city.officer).post(reverse("core:job_retry", args=[job.pk]))
    again = Job.objects.exclude(pk=job.pk).get()
    assert response["Location"] == again.get_absolute_url()
    assert (again.kind, again.params, again.idem_key, again.state, again.actor_id) == (
        kind,
        {"a": 1},
        "k",
        "queued",
        city.officer.pk,
    )


def test_a_next_address_stays_on_this_host(city: SimpleNamespace) -> None:
    job = make_job(city.police, "甲")
    address = reverse("core:job_cancel", args=[job.pk])
    client = browser(city.officer)
    assert client.post(address, {"next": "https://elsewhere.example/"})["Location"] == job.get_absolute_url()
    assert client.post(address, {"next": "/help/"})["Location"] == "/help/"


# Search and errors ---------------------------------------------------------------------------------------------------


def test_search_finds_pages_of_the_menu_and_survives_any_text(city: SimpleNamespace) -> None:
    search.rebuild()
    client = browser(city.officer)
    assert '<a href="/jobs/">' in client.get("/search/?q=任务").content.decode()
    assert 'role="option"' in client.get("/search/suggest/?q=任务").content.decode()
    for text in ("", "%00", "'", "\\", "<b>", ":*&|!", "人" * 500, "%F0%9F%98%80"):
        assert client.get(f"/search/?q={text}").status_code == 200
        assert client.get(f"/search/suggest/?q={text}").status_code == 200
    assert client.get("/search/?q=a&kind=none&page=-3").status_code == 200


def test_search_does_not_show_what_belongs_to_others(city: SimpleNamespace) -> None:
    documents = [
        search.Document(
            key=f"test:{agency.pk}",
            kind=search.kinds()[0].kind,
            title=f"{agency.name}机密表",
            url="/x/",
            scope_id=agency.pk,
        )
        for agency in (city.police, city.tax)
    ]
    search.index(documents)
    html = browser(city.officer).get("/search/?q=机密").content.decode()
    assert text_of_titles(html) == ["市公安局机密表"]


def text_of_titles(html: str) -> list[str]:
    return [re.sub("<[^>]*>", "", title) for title in re.findall(r'<li><a href="/x/">(.*?)</a>', html)]


def test_a_page_that_is_missing_is_a_page(city: SimpleNamespace) -> None:
    response = browser(city.officer).get("/nowhere/")
    assert response.status_code == 404
    assert "没有找到页面" in response.content.decode()


def test_a_failure_gives_a_reference_and_asks_no_database(rf: Any) -> None:
    page = pages.server_error(rf.get("/jobs/"))
    assert page.status_code == 500
    assert "程序出错" in page.content.decode()
    try:
        raise OperationalError("connection refused")
    except OperationalError:
        away = pages.server_error(rf.get("/jobs/"))
    assert away.status_code == 503
    assert "数据库没有响应" in away.content.decode()
    problem = pages.server_error(rf.get("/api/v1/jobs/"))
    assert problem["Content-Type"] == "application/problem+json"


def test_the_session_warning_comes_before_the_session_ends(city: SimpleNamespace) -> None:
    html = browser(city.officer).get("/").content.decode()
    assert f'data-idle-seconds="{int(IDLE_LIMIT.total_seconds())}"' in html


def test_a_refused_form_token_is_explained(city: SimpleNamespace) -> None:
    job = make_job(city.police, "甲")
    client = browser(city.officer, enforce_csrf_checks=True)
    response = client.post(reverse("core:job_cancel", args=[job.pk]))
    assert response.status_code == 403
    assert "页面已过期" in response.content.decode()
