"""Every page and endpoint, app by app."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from datagene import home, pages

core_urls = [
    path("jobs/", pages.JobList.as_view(), name="job_list"),
    path("jobs/chip/", pages.JobsChip.as_view(), name="jobs_chip"),
    path("jobs/<uuid:pk>/", pages.JobPage.as_view(), name="job_detail"),
    path("jobs/<uuid:pk>/block/", pages.JobBlock.as_view(), name="job_block"),
    path("jobs/<uuid:pk>/progress/", pages.JobProgress.as_view(), name="job_progress"),
    path("jobs/<uuid:pk>/cancel/", pages.CancelJob.as_view(), name="job_cancel"),
    path("jobs/<uuid:pk>/retry/", pages.RetryJob.as_view(), name="job_retry"),
    path("search/", pages.SearchPage.as_view(), name="search"),
    path("search/suggest/", pages.SearchSuggest.as_view(), name="search_suggest"),
    path("audit/", pages.AuditList.as_view(), name="audit_list"),
]


def _part(prefix: str, module: str) -> list[URLPattern | URLResolver]:
    return [path(prefix, include(module))] if find_spec(module) else []


urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.Dashboard.as_view(), name="home"),
    path("", include((core_urls, "core"))),
    path("help/", pages.HelpPage.as_view(), name="help"),
    path("i18n/setlang/", require_POST(set_language), name="set_language"),
    *_part("", "accounts.urls"),
    *_part("", "assets.urls"),
    *_part("standards/", "standards.urls"),
    *_part("genes/", "genes.urls"),
    *_part("quality/", "quality.urls"),
    *_part("quantity/", "quantity.urls"),
    *_part("api/", "datagene.api"),
]
handler400 = pages.bad_request
handler500 = pages.server_error
