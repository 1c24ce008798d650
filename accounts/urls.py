"""Addresses of accounts."""

from django.urls import path

from accounts.views import account, agencies, people, sign_in

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign_out"),
    path("account/", account.Account.as_view(), name="account"),
    path("account/password/", account.PasswordChange.as_view(), name="password_change"),
    path("account/preferences/", account.SetPreferences.as_view(), name="set_preferences"),
    path("account/sessions/end-others/", account.EndOtherSessions.as_view(), name="end_other_sessions"),
    path("account/sessions/<uuid:pk>/end/", account.EndSession.as_view(), name="end_session"),
    path("account/tokens/add/", account.TokenCreate.as_view(), name="token_add"),
    path("account/tokens/<uuid:pk>/revoke/", account.TokenRevoke.as_view(), name="token_revoke"),
    path("agencies/", agencies.AgencyList.as_view(), name="agency_list"),
    path("agencies/add/", agencies.AgencyAdd.as_view(), name="agency_add"),
    path("agencies/<uuid:pk>/", agencies.AgencyDetail.as_view(), name="agency_detail"),
    path("agencies/<uuid:pk>/edit/", agencies.AgencyEdit.as_view(), name="agency_edit"),
    path("agencies/<uuid:pk>/<slug:tab>/", agencies.AgencyDetail.as_view(), name="agency_detail"),
    path("people/", people.PersonList.as_view(), name="person_list"),
    path("people/add/", people.PersonAdd.as_view(), name="person_add"),
    path("people/<uuid:pk>/", people.PersonDetail.as_view(), name="person_detail"),
    path("people/<uuid:pk>/edit/", people.PersonEdit.as_view(), name="person_edit"),
    path("people/<uuid:pk>/disable/", people.PersonDisable.as_view(), name="person_disable"),
    path("people/<uuid:pk>/enable/", people.PersonEnable.as_view(), name="person_enable"),
    path("people/<uuid:pk>/reset-password/", people.PasswordReset.as_view(), name="password_reset"),
    path("people/<uuid:pk>/unlock/", people.ClearLockout.as_view(), name="clear_lockout"),
    path("people/<uuid:pk>/grants/add/", people.GrantAdd.as_view(), name="grant_add"),
    path("people/<uuid:pk>/<slug:tab>/", people.PersonDetail.as_view(), name="person_detail"),
    path("grants/", people.GrantList.as_view(), name="grant_list"),
    path("grants/<uuid:pk>/revoke/", people.GrantRevoke.as_view(), name="grant_revoke"),
]
