"""Pages of standards, below /standards/."""

from django.urls import path

from standards.views import elements, library

app_name = "standards"
urlpatterns = [
    path("", library.Overview.as_view(), name="overview"),
    path("elements/", elements.ElementList.as_view(), name="element_list"),
    path("elements/new/", elements.ElementCreate.as_view(), name="element_create"),
    path("elements/<uuid:pk>/", elements.ElementDetail.as_view(), name="element_detail"),
    path("elements/<uuid:pk>/draft/", elements.EditionEdit.as_view(), name="edition_edit"),
    path("elements/<uuid:pk>/names/add/", elements.NamesAdd.as_view(), name="names_add"),
    path("elements/<uuid:pk>/<slug:tab>/", elements.ElementDetail.as_view(), name="element_detail"),
    path("names/<int:pk>/remove/", elements.NameRemove.as_view(), name="name_remove"),
    path("editions/<uuid:pk>/comment/", elements.EditionComment.as_view(), name="edition_comment"),
    path("editions/<uuid:pk>/<slug:step>/", elements.EditionMove.as_view(), name="edition_move"),
    path("code-sets/", library.CodeSetList.as_view(), name="code_set_list"),
    path("code-sets/<uuid:pk>/", library.CodeSetDetail.as_view(), name="code_set_detail"),
    path("code-sets/<uuid:pk>/<slug:tab>/", library.CodeSetDetail.as_view(), name="code_set_detail"),
    path("texts/", library.TextList.as_view(), name="text_list"),
    path("texts/<uuid:pk>/", library.TextDetail.as_view(), name="text_detail"),
    path("texts/<uuid:pk>/<slug:tab>/", library.TextDetail.as_view(), name="text_detail"),
]
