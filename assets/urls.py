"""Pages of the asset register, at the root: /assets/ tables and columns, /sources/, /systems/, /census/, /scans/, /changes/."""

from django.urls import path

from assets.views import columns, networks, runs, sources, systems, tables, wizard

app_name = "assets"
urlpatterns = [
    path("assets/", tables.TableList.as_view(), name="table_list"),
    path("assets/scan/", tables.ScanSelected.as_view(), name="tables_scan"),
    path("assets/<uuid:pk>/", tables.TableDetail.as_view(), name="table_detail"),
    path("assets/<uuid:pk>/scan/", tables.ScanTable.as_view(), name="table_scan"),
    path("assets/<uuid:pk>/edit/", tables.TableEdit.as_view(), name="table_edit"),
    path("assets/<uuid:pk>/<slug:tab>/", tables.TableDetail.as_view(), name="table_detail"),
    path("columns/", columns.ColumnList.as_view(), name="column_list"),
    path("columns/<uuid:pk>/", columns.ColumnDetail.as_view(), name="column_detail"),
    path("columns/<uuid:pk>/edit/", columns.ColumnEdit.as_view(), name="column_edit"),
    path("columns/<uuid:pk>/<slug:tab>/", columns.ColumnDetail.as_view(), name="column_detail"),
    path("systems/", systems.SystemList.as_view(), name="system_list"),
    path("systems/new/", systems.SystemAdd.as_view(), name="system_add"),
    path("systems/<uuid:pk>/", systems.SystemDetail.as_view(), name="system_detail"),
    path("systems/<uuid:pk>/edit/", systems.SystemEdit.as_view(), name="system_edit"),
    path("systems/<uuid:pk>/delete/", systems.SystemDelete.as_view(), name="system_delete"),
    path("sources/", sources.SourceList.as_view(), name="source_list"),
    path("sources/new/", wizard.ChooseKind.as_view(), name="source_add"),
    path("sources/new/upload/", wizard.UploadFiles.as_view(), name="source_upload"),
    path("sources/new/<slug:kind>/", wizard.Connection.as_view(), name="source_connection"),
    path("sources/<uuid:pk>/", sources.SourceDetail.as_view(), name="source_detail"),
    path("sources/<uuid:pk>/check/", wizard.Check.as_view(), name="source_check"),
    path("sources/<uuid:pk>/plan/", wizard.Plan.as_view(), name="source_plan"),
    path("sources/<uuid:pk>/edit/", wizard.ConnectionEdit.as_view(), name="source_edit"),
    path("sources/<uuid:pk>/test/", sources.TestSource.as_view(), name="source_test"),
    path("sources/<uuid:pk>/start-census/", sources.StartCensus.as_view(), name="source_census"),
    path("sources/<uuid:pk>/start-scan/", sources.StartScan.as_view(), name="source_scan"),
    path("sources/<uuid:pk>/disable/", sources.Disable.as_view(), name="source_disable"),
    path("sources/<uuid:pk>/enable/", sources.Enable.as_view(), name="source_enable"),
    path("sources/<uuid:pk>/remove/", sources.Remove.as_view(), name="source_remove"),
    path("sources/<uuid:pk>/<slug:tab>/", sources.SourceDetail.as_view(), name="source_detail"),
    path("networks/", networks.NetworkList.as_view(), name="network_list"),
    path("networks/add/", networks.NetworkAdd.as_view(), name="network_add"),
    path("networks/<uuid:pk>/remove/", networks.NetworkRemove.as_view(), name="network_remove"),
    path("census/", runs.CensusList.as_view(), name="census_list"),
    path("census/<uuid:pk>/", runs.CensusDetail.as_view(), name="census_detail"),
    path("census/<uuid:pk>/confirm/", runs.Confirm.as_view(), name="census_confirm"),
    path("census/<uuid:pk>/reject/", runs.Reject.as_view(), name="census_reject"),
    path("scans/", runs.ScanList.as_view(), name="scan_list"),
    path("scans/<uuid:pk>/", runs.ScanDetail.as_view(), name="scan_detail"),
    path("changes/", runs.ChangeList.as_view(), name="change_list"),
]
