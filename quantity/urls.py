"""Pages of the volume statistics, below /quantity/."""

from django.urls import path

from quantity import views

app_name = "quantity"
urlpatterns = [
    path("", views.Overview.as_view(), name="overview"),
    path("samples/", views.SampleList.as_view(), name="sample_list"),
]
