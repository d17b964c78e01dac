"""Addresses of an opened archive. Elsewhere they lead nowhere."""

from django.urls import path

from upperback.web.clinician import opened

urlpatterns = [
    path("opened/", opened.overview, name="opened"),
    path("opened/change/", opened.change, name="opened_change"),
]
