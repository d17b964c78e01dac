"""Addresses of the FHIR server."""

from django.urls import path, re_path

from upperback.web.fhir_api import views

urlpatterns = [
    path("fhir/metadata", views.metadata, name="fhir_metadata"),
    path("fhir/<str:kind>", views.find, name="fhir_find"),
    path("fhir/<str:kind>/<str:id>", views.read, name="fhir_read"),
    re_path(r"^fhir/", views.nothing, name="fhir_nothing"),
]
