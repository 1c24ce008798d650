"""Bases of pages. A list page is a selector, a filterset, columns and one row template; see docs/ui.md for examples.

Everything works without script. htmx asks for the same URLs and gets the part that changes; the URL always restores
the view. A page that needs more than three hooks of a base is written out whole instead.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.generic import View

from core import list_paging, panels, visibility
from core.filters import filtered
from core.keyset import Order
from core.list_paging import Slice
from core.list_paging import with_query as with_query
from core.texts import Text

Crumb = tuple[Text, str]
"""A step of the breadcrumb: label and URL; the last one, the page itself, has an empty URL."""


class SignedInView(View):
    """A page for people who are signed in and, with `verb`, hold that verb somewhere."""

    verb: ClassVar[str] = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        if self.verb and not visibility.can(request.user, self.verb):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks for a part. A restored history entry wants the whole page."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page; a polling fragment makes the whole page go there rather than showing the form inside itself."""
    if not is_htmx(request):
        return redirect_to_login(request.get_full_path())
    response = HttpResponse(status=204)
    response["HX-Redirect"] = redirect_to_login(request.headers.get("HX-Current-URL-Path", "/")).url
    return response


def safe_next(request: HttpRequest, default: str) -> str:
    """The `next` parameter when it stays on this host, else `default`."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return default


# Lists -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list. `sort` is the ORM name it sorts by ("" when it does not); numbers align right, unknown last."""

    key: str
    label: Text
    sort: str = ""
    number: bool = False


@dataclass(frozen=True, slots=True)
class BulkAction:
    """A button over the selected rows: posts `selected` ids (or `all=1` with `query`) to `url`."""

    label: Text
    url: str
    icon: str = "check"
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A table head as the template draws it."""

    label: Text
    number: bool
    href: str = ""
    direction: str = ""  # "", "ascending" or "descending": the value of aria-sort


@dataclass(frozen=True, slots=True)
class Chip:
    """A link in the toolbar: a quick filter with its count, or an active filter whose link removes it."""

    label: Text
    href: str
    count: int | None = None
    current: bool = False
    more: bool = False  # it was counted up to there and no further


class ListPage(SignedInView):
    """A list with search, filters, sorting and pages, all in the URL.

    Subclasses set `title`, `columns`, `row_template` (the cells of one `row`) and `queryset()`; optionally
    `filterset_class`, `default_sort`, `bulk_actions()`, `facets()`, empty-state texts and an own `template_name`
    that extends `components/list_page.html` to add actions.
    """

    title: ClassVar[Text] = ""
    columns: ClassVar[Sequence[Column]] = ()
    row_template: ClassVar[str] = ""
    template_name: ClassVar[str] = "components/list_page.html"
    filterset_class: ClassVar[type[Any] | None] = None
    default_sort: ClassVar[str] = ""
    page_size: ClassVar[int] = 50
    noun: ClassVar[Any] = ""  # npgettext_lazy("count", "张表", "张表", "total"), as in 共 2,316 张表
    empty_title: ClassVar[Text] = ""
    empty_action: ClassVar[tuple[Text, str] | None] = None  # label and URL name
    two_line: ClassVar[bool] = False
    filter_names: ClassVar[Sequence[str]] = ()  # filters drawn in the toolbar; the others still work in the URL
    visible_filters: ClassVar[int] = 4  # of those; the rest stands behind 更多筛选

    def queryset(self) -> QuerySet[Any]:
        """The rows this user may see, with everything the cells need joined or annotated."""
        raise NotImplementedError

    def crumbs(self) -> list[Crumb]:
        return [(self.title, "")]

    def bulk_actions(self) -> Sequence[BulkAction]:
        return ()

    def facets(self) -> Sequence[Chip]:
        """Quick filters with counts, beside the search field."""
        return ()

    def extra_context(self) -> dict[str, Any]:
        return {}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        filterset = self.filterset(request.GET)
        rows = self.arranged(filtered(filterset) if filterset else self.queryset())
        page = list_paging.read(rows, self.order(self.queryset()), request.GET, self.page_size)
        context = self.list_context(filterset, page)
        part = is_htmx(request) and request.headers.get("HX-Target") == "list-results"
        response = render(request, "components/list_results.html" if part else self.template_name, context)
        response["Vary"] = "HX-Request, HX-Target, Cookie"
        return response

    def filterset(self, data: Mapping[str, Any]) -> Any:
        if self.filterset_class is None:
            return None
        return self.filterset_class(data, queryset=self.queryset(), request=self.request)

    def list_context(self, filterset: Any, page: Slice) -> dict[str, Any]:
        return {
            "title": self.title,
            "crumbs": self.crumbs(),
            "page": page,
            "total": page.total.count,
            "heads": self.heads(),
            "row_template": self.row_template,
            "two_line": self.two_line,
            "filters": self.filter_fields(filterset),
            "active_filters": self.active_filters(filterset),
            "refused": self.refused(filterset),
            "clear_href": self.request.path,
            "facets": self.facets(),
            "bulk_actions": self.bulk_actions(),
            "query": self.request.GET.urlencode(),
            "sort": self.request.GET.get("sort", ""),
            "noun": (self.noun or _("条")) % {"total": page.total.count},
            "empty_title": self.empty_title or _("还没有%(title)s。") % {"title": self.title},
            "empty_action": (self.empty_action[0], reverse(self.empty_action[1])) if self.empty_action else None,
            **self.extra_context(),
        }

    def sort_column(self) -> tuple[Column | None, bool]:
        """The column asked for by `?sort=-rows` and whether it descends; an unknown name is no sorting."""
        asked = self.request.GET.get("sort") or self.default_sort
        by_key = {column.key: column for column in self.columns if column.sort}
        return by_key.get(asked.removeprefix("-")), asked.startswith("-")

    def arranged(self, rows: QuerySet[Any]) -> QuerySet[Any] | Sequence[Any]:
        """The filtered rows; a list that is no table of rows (a tree) is put into its order here."""
        return rows

    def everything(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """All the rows in the order chosen, for an export."""
        return self.order(rows).sorted(rows)

    def order(self, rows: QuerySet[Any]) -> Order:
        """By the chosen column; without one as the model orders itself. The key stands last: pages must not overlap."""
        column, descending = self.sort_column()
        if column is not None:
            return Order(f"{'-' * descending}{column.key}", rows, [column.sort], descending=descending)
        own = [str(path) for path in rows.model._meta.ordering or ("pk",)]
        paths = [path.removeprefix("-") for path in own if path.removeprefix("-") not in ("pk", "id")]
        return Order("", rows, paths, descending=own[0].startswith("-"))

    def heads(self) -> list[Head]:
        current, descending = self.sort_column()
        heads = []
        for column in self.columns:
            if not column.sort:
                heads.append(Head(column.label, column.number))
                continue
            is_current = column is current
            # Numbers are first looked at from the top, names from A.
            towards_down = not descending if is_current else column.number
            wanted = f"-{column.key}" if towards_down else column.key
            direction = ("descending" if descending else "ascending") if is_current else ""
            href = with_query(self.request.GET, sort=wanted, page=None)
            heads.append(Head(column.label, column.number, href, direction))
        return heads

    def filter_fields(self, filterset: Any) -> dict[str, Any]:
        """Fields of the filter form: search first, some visible, the rest behind 更多筛选 (open while one is set)."""
        if filterset is None:
            return {}
        shown = self.filter_names or [name for name in filterset.form.fields if name != "q"]
        fields = [filterset.form[name] for name in shown]
        more = fields[self.visible_filters :]
        drawn = {"q", "sort", "page", "cursor", *(field.html_name for field in fields)}
        return {
            "kept": [
                (name, value)
                for name in self.request.GET
                for value in self.request.GET.getlist(name)
                if name not in drawn
            ],
            "form": filterset.form,
            "search": filterset.form["q"] if "q" in filterset.form.fields else None,
            "visible": fields[: self.visible_filters],
            "more": more,
            "more_open": any(field.value() not in (None, "", []) for field in more),
        }

    def active_filters(self, filterset: Any) -> list[Chip]:
        """What narrows the list now, each with the link that removes it."""
        return [
            Chip(
                f"{field.label}{_('：')}{self.filter_text(field, value)}",
                with_query(self.request.GET, **{field.html_name: None, "page": None}),
            )
            for field in (filterset.form if filterset and filterset.form.is_bound else ())
            if (value := field.value()) not in (None, "", [])
        ]

    def refused(self, filterset: Any) -> str:
        """The filters that are not understood, by name: nothing is listed then, lest more rows pass for the answer."""
        wrong = filterset.errors if filterset else ()
        return _("、").join(str(filterset.form.fields[name].label) for name in wrong)

    def filter_text(self, field: Any, value: Any) -> str:
        """What an active filter says: the words of its options, or what was typed. Override to name the object of an id."""
        names = {str(key): str(name) for key, name in getattr(field.field, "choices", ())}
        values = value if isinstance(value, (list, tuple)) else [value]
        return _("、").join(names.get(str(item), str(item)) for item in values)


def selected_rows(request: HttpRequest, page: ListPage) -> QuerySet[Any]:
    """The rows a bulk action is for: the ticked ones, or with `all=1` everything its filters show. Only visible rows."""
    page.setup(request)
    if request.POST.get("all") == "1":
        filterset = page.filterset(QueryDict(request.POST.get("query", "")))
        return filtered(filterset) if filterset else page.queryset()
    try:
        return page.queryset().filter(pk__in=request.POST.getlist("selected"))
    except (ValidationError, ValueError) as error:  # an id that is no id of this model
        raise Http404 from error


# Details -----------------------------------------------------------------------------------------------------------


def _no_context(obj: Any, user: Any) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Tab:
    """A section of a detail page, declared by the page itself; panels of other apps join them (core.panels)."""

    key: str
    label: Text
    template: str
    context: Callable[[Any, Any], Mapping[str, Any]] = _no_context
    count: Callable[[Any, Any], int | str | None] | None = None
    order: int = 100


@dataclass(frozen=True, slots=True)
class TabLink:
    key: str
    label: Text
    href: str
    current: bool
    count: int | str | None


class DetailPage(SignedInView):
    """One object: identity, facts, tabs with a URL each, and an inspector (`?inspect=<key>`) beside the open tab.

    Subclasses set `template_name` (extends `components/detail_page.html`), `tabs`, `url_name` (takes pk and, for a tab
    other than the first, its key) and `queryset()`. Objects the user may not see answer 404.
    """

    template_name: ClassVar[str] = ""
    tabs: ClassVar[Sequence[Tab]] = ()
    url_name: ClassVar[str] = ""
    object: Any

    def queryset(self) -> QuerySet[Any]:
        raise NotImplementedError

    def crumbs(self) -> list[Crumb]:
        return [(str(self.object), "")]

    def extra_context(self) -> dict[str, Any]:
        return {}

    def inspector(self, key: str) -> tuple[str, Mapping[str, Any]] | None:
        """Template and context of the inspector for `?inspect=<key>`; None when there is no such thing."""
        return None

    def get(self, request: HttpRequest, pk: Any, tab: str = "", **kwargs: Any) -> HttpResponse:
        self.object = get_object_or_404(self.queryset(), pk=pk)
        sections = self.sections()
        section = next((item for item in sections if item.key == tab), None) if tab else next(iter(sections), None)
        if tab and section is None:
            raise Http404
        inspected = self.inspected()
        if inspected and is_htmx(request) and request.headers.get("HX-Target") == "inspector":
            return render(request, "components/inspector.html", {"object": self.object, **inspected})
        context = {
            "object": self.object,
            "title": str(self.object),
            "crumbs": self.crumbs(),
            "tabs": self.tab_links(sections, section),
            "tab": section.key if section else "",
            "tab_template": section.template if section else "",
            **(section.context(self.object, request.user) if section else {}),
            **inspected,
            **self.extra_context(),
        }
        response = render(request, self.template_name, context)
        response["Vary"] = "HX-Request, HX-Target, Cookie"
        return response

    def sections(self) -> list[Tab | panels.Panel]:
        own: list[Tab | panels.Panel] = [*self.tabs]
        others = panels.panels_for(self.object, self.request.user)
        return sorted([*own, *others], key=lambda item: item.order)

    def tab_links(self, sections: Iterable[Tab | panels.Panel], current: Tab | panels.Panel | None) -> list[TabLink]:
        links = []
        for index, item in enumerate(sections):
            href = reverse(self.url_name, args=[self.object.pk, item.key] if index else [self.object.pk])
            count = item.count(self.object, self.request.user) if item.count else None
            links.append(TabLink(item.key, item.label, href, item is current, count))
        return links

    def inspected(self) -> dict[str, Any]:
        key = self.request.GET.get("inspect", "")
        found = self.inspector(key) if key else None
        if found is None:
            return {}
        template, context = found
        close = self.request.path + with_query(self.request.GET, inspect=None)
        return {"inspect": key, "inspector_template": template, "inspector_close": close, **context}


# Forms and actions -------------------------------------------------------------------------------------------------


class EditPage(SignedInView):
    """A form of 640 px. Subclasses set `form_class`, `title`, `submit_label` and `save(form)`, which calls one service.

    What a service refuses (ValidationError) comes back as errors of the form; everything typed is kept.
    """

    template_name: ClassVar[str] = "components/form_page.html"
    form_class: ClassVar[type[Any]]
    title: ClassVar[Text] = ""
    submit_label: ClassVar[Text] = ""

    def prepare(self, **kwargs: Any) -> None:
        """Load what the URL names and ask permission: raise Http404 or PermissionDenied."""

    def form_arguments(self) -> dict[str, Any]:
        return {}

    def save(self, form: Any) -> tuple[str, Text]:
        """Do it. Returns the URL to go to and the sentence to say there."""
        raise NotImplementedError

    def cancel_url(self) -> str:
        return "/"

    def crumbs(self) -> list[Crumb]:
        return [(self.title, "")]

    def extra_context(self) -> dict[str, Any]:
        return {}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.prepare(**kwargs)
        return self.page(self.form_class(**self.form_arguments()))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.prepare(**kwargs)
        form = self.form_class(data=request.POST, files=request.FILES, **self.form_arguments())
        if form.is_valid():
            try:
                url, sentence = self.save(form)
            except ValidationError as error:
                add_errors(form, error)
            else:
                messages.success(request, str(sentence))
                return HttpResponseRedirect(url)
        return self.page(form, status=422)

    def page(self, form: BaseForm, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "title": self.title,
            "crumbs": self.crumbs(),
            "submit_label": self.submit_label or _("保存"),
            "cancel_url": safe_next(self.request, self.cancel_url()),
            **self.extra_context(),
        }
        return render(self.request, self.template_name, context, status=status)


def add_errors(form: BaseForm, error: ValidationError) -> None:
    """A service's refusal on its fields; what names no field of this form stands above it."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
    for name, texts in by_field.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)


class ActionView(SignedInView):
    """A verb by POST: load, ask permission, call one service, say so, go back.

    Subclasses set `queryset()`, `required_verb` (asked for the object) and `act(obj)`, which returns the sentence.
    """

    http_method_names = ["post", "options"]
    required_verb: ClassVar[str] = ""
    target_url: str = ""  # where to go afterwards; the object's own page when empty

    def queryset(self) -> QuerySet[Any]:
        raise NotImplementedError

    def act(self, obj: Any) -> Text:
        raise NotImplementedError

    def post(self, request: HttpRequest, pk: Any, **kwargs: Any) -> HttpResponse:
        obj: Model = get_object_or_404(self.queryset(), pk=pk)
        if self.required_verb and not visibility.can(request.user, self.required_verb, obj):
            raise PermissionDenied
        url = getattr(obj, "get_absolute_url", lambda: "/")()  # before acting: it may delete the object
        try:
            messages.success(request, str(self.act(obj)))
        except ValidationError as error:
            for text in error.messages:
                messages.error(request, text)
        target = safe_next(request, self.target_url or url)
        if is_htmx(request):
            response = HttpResponse(status=204)
            response["HX-Redirect"] = target
            return response
        return HttpResponseRedirect(target)
