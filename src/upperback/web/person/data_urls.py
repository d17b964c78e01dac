"""Addresses of a person's own data."""

from django.urls import path

from upperback.web.person import clinic_data, clinic_in, clinics, letter, own_data, programs, referral

urlpatterns = [
    path("data/", own_data.own_data, name="own_data"),
    path("data/take/", own_data.take_data, name="take_data"),
    path("data/clinic/", clinic_data.clinic_data, name="clinic_data"),
    path("share/in/", clinic_in.clinic_in, name="clinic_in"),
    path("share/letter/", letter.letter_page, name="letter"),
    path("clinics/", clinics.clinics, name="clinics"),
    path("referral/", referral.referral, name="referral"),
    path("share/programs/", programs.programs, name="programs"),
    path("data/delete/", own_data.delete_data, name="delete_data"),
    path("data/change/", own_data.plan_change, name="plan_change"),
    path("data/bring/", own_data.bring_data, name="bring_data"),
]
