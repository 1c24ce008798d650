"""Pages of standards, below /standards/."""

from django.urls import URLPattern, path

from standards.views import codes, elements, library, review, tables

app_name = "standards"


def editions(prefix: str, name: str, citing: str, kind: str, detail: type[review.EditionDetail]) -> list[URLPattern]:
    """The pages of an edition under review, of elements and of code sets alike."""
    here = f"{prefix}/<uuid:pk>"
    written = [path(f"{here}/edit/", elements.EditionEdit.as_view(), name="edition_edit")]
    listed = [
        path(f"{here}/edit/", codes.CodeEditionEdit.as_view(), name="code_edition_edit"),
        path(f"{here}/codes/edit/", codes.CodesEdit.as_view(), name="codes_edit"),
    ]
    return [
        path(f"{here}/", detail.as_view(), name=f"{name}_detail"),
        path(f"{here}/comment/", review.EditionComment.as_view(kind=kind), name=f"{name}_comment"),
        path(f"{here}/cite/", review.CitationAdd.as_view(kind=kind), name=citing),
        path(f"{here}/discard/", review.EditionDiscard.as_view(kind=kind), name=f"{name}_discard"),
        path(f"{here}/step/<slug:step>/", review.EditionMove.as_view(kind=kind), name=f"{name}_move"),
        *(listed if kind == "code_set" else written),
        path(f"{here}/<slug:tab>/", detail.as_view(), name=f"{name}_detail"),
    ]


urlpatterns = [
    path("", library.Overview.as_view(), name="overview"),
    path("elements/", elements.ElementList.as_view(), name="element_list"),
    path("elements/import/", tables.ElementImport.as_view(), name="element_import"),
    path("elements/new/", elements.ElementCreate.as_view(), name="element_create"),
    path("elements/<uuid:pk>/", elements.ElementDetail.as_view(), name="element_detail"),
    path("elements/<uuid:pk>/draft/", elements.EditionDraft.as_view(), name="edition_draft"),
    path("elements/<uuid:pk>/names/add/", elements.NamesAdd.as_view(), name="names_add"),
    path("elements/<uuid:pk>/<slug:tab>/", elements.ElementDetail.as_view(), name="element_detail"),
    path("names/<int:pk>/remove/", elements.NameRemove.as_view(), name="name_remove"),
    *editions("editions", "edition", "citation_add", "element", review.EditionDetail),
    *editions("code-set-editions", "code_edition", "code_citation_add", "code_set", review.CodeEditionDetail),
    path("comments/<int:pk>/answer/", review.CommentAnswer.as_view(), name="comment_answer"),
    path("citations/<int:pk>/remove/", review.CitationRemove.as_view(), name="citation_remove"),
    path("code-sets/", library.CodeSetList.as_view(), name="code_set_list"),
    path("code-sets/new/", codes.CodeSetCreate.as_view(), name="code_set_create"),
    path("code-sets/<uuid:pk>/", library.CodeSetDetail.as_view(), name="code_set_detail"),
    path("code-sets/<uuid:pk>/draft/", codes.CodeEditionDraft.as_view(), name="code_edition_draft"),
    path("code-sets/<uuid:pk>/mappings/edit/", codes.MappingsEdit.as_view(), name="mappings_edit"),
    path("code-sets/<uuid:pk>/<slug:tab>/", library.CodeSetDetail.as_view(), name="code_set_detail"),
    path("texts/", library.TextList.as_view(), name="text_list"),
    path("texts/new/", library.TextAdd.as_view(), name="text_add"),
    path("texts/<uuid:pk>/", library.TextDetail.as_view(), name="text_detail"),
    path("texts/<uuid:pk>/edit/", library.TextEdit.as_view(), name="text_edit"),
    path("texts/<uuid:pk>/remove/", library.TextRemove.as_view(), name="text_remove"),
    path("texts/<uuid:pk>/<slug:tab>/", library.TextDetail.as_view(), name="text_detail"),
]
