"""Addresses that only a service has: signing in, ways to sign in, the work of staff. Each has its rule in `rules`."""

from allauth.account import views as sign_in
from allauth.mfa.base import views as second
from allauth.mfa.recovery_codes import views as spare
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkey
from django.urls import path

from upperback.services.support import reference_of
from upperback.web.service import (
    bulk_api,
    caring,
    clinic_admin,
    copies,
    joining,
    pages,
    researching,
    shared,
    supporting,
)

urlpatterns = [
    path("account/login/", sign_in.login, name="account_login"),
    path("account/logout/", sign_in.logout, name="account_logout"),
    path("account/closed/", sign_in.account_inactive, name="account_inactive"),
    path("account/new/", sign_in.signup, name="account_signup"),
    path("account/again/", sign_in.reauthenticate, name="account_reauthenticate"),
    path("account/password/", sign_in.password_change, name="account_change_password"),
    path("account/code/", sign_in.email_verification_sent, name="account_email_verification_sent"),
    path("account/forgotten/", sign_in.password_reset, name="account_reset_password"),
    path("account/forgotten/code/", sign_in.confirm_password_reset_code, name="account_confirm_password_reset_code"),
    path("account/forgotten/new/", sign_in.complete_password_reset, name="account_complete_password_reset"),
    path("account/forgotten/done/", sign_in.password_reset_from_key_done, name="account_password_reset_completed"),
    path("account/ways/", second.IndexView.as_view(extra_context={"reference_of": reference_of}), name="mfa_index"),
    # allauth leads to a page of addresses where there is nothing to confirm; here that is the page before.
    path("account/ways/", second.IndexView.as_view(), name="account_email"),
    path("account/second/", second.authenticate, name="mfa_authenticate"),
    path("account/second/again/", second.reauthenticate, name="mfa_reauthenticate"),
    path("account/second/step/", pages.second_step, name="second_step"),
    path("account/app/", app.activate_totp, name="mfa_activate_totp"),
    path("account/app/off/", app.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/spare/", spare.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/spare/new/", spare.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/passkeys/", passkey.list_webauthn, name="mfa_list_webauthn"),
    path("account/passkeys/add/", passkey.add_webauthn, name="mfa_add_webauthn"),
    path("account/passkeys/again/", passkey.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/passkeys/<int:pk>/remove/", passkey.remove_webauthn, name="mfa_remove_webauthn"),
    path("account/passkeys/login/", passkey.login_webauthn, name="mfa_login_webauthn"),
    path("share/", shared.sharing_page, name="sharing"),
    path("share/study/<uuid:study_id>/", researching.study_page, name="study"),
    path("share/withdraw/", shared.withdraw, name="sharing_withdraw"),
    path("share/code/", shared.code_back, name="sharing_code_back"),
    path("caring/", caring.caring_page, name="caring"),
    path("caring/code/", caring.caring_code, name="caring_code"),
    path("caring/people/<uuid:person_id>/", caring.caring_person, name="caring_person"),
    path("caring/people/<uuid:person_id>/end/", caring.caring_end, name="caring_end"),
    path("caring/people/<uuid:person_id>/still/", pages.caring_still, name="caring_still"),
    path("clinic/people/<uuid:person_id>/still/", pages.still, name="still"),
    path("staff/", pages.staff, name="staff"),
    path("staff/team/", clinic_admin.team_page, name="staff_team"),
    path("staff/team/invite/", joining.team_invite, name="staff_invite"),
    path("staff/team/invite/back/", joining.team_invite_back, name="staff_invite_back"),
    path("join/", joining.join, name="staff_join"),
    path("join/<str:secret>/", joining.join_link, name="staff_join_link"),
    path("staff/team/end/", clinic_admin.team_end, name="staff_team_end"),
    path("staff/looks/", clinic_admin.looks_page, name="staff_looks"),
    path("staff/looks/seen/", clinic_admin.looks_seen, name="staff_looks_seen"),
    path("staff/studies/", researching.studies_page, name="staff_studies"),
    path("staff/studies/<uuid:study_id>/copy/", researching.study_copy, name="staff_study_copy"),
    path("staff/studies/<uuid:study_id>/end/", researching.study_end, name="staff_study_end"),
    path("staff/support/", supporting.support_page, name="staff_support"),
    path("staff/code/", pages.staff_code, name="staff_code"),
    path("share/copy/<uuid:clinic_id>/", copies.copy_page, name="clinic_copy"),
    path("staff/copies/", copies.copies_page, name="staff_copies"),
    path("staff/copies/delete/", copies.copy_delete, name="staff_copy_delete"),
    path("staff/copies/<uuid:export_id>/far/", copies.copy_progress, name="staff_copy_progress"),
    path("staff/copies/<uuid:export_id>/<str:name>", copies.copy_file, name="staff_copy_file"),
    path("fhir/Group/<uuid:clinic_id>/$export", bulk_api.kick_off, name="bulk_kick_off"),
    path("fhir/bulk/<uuid:export_id>/", bulk_api.status, name="bulk_status"),
    path("fhir/bulk/<uuid:export_id>/<str:name>", bulk_api.file, name="bulk_file"),
]
