"""Addresses of daily care: a flare-up, tasks, the desk, habits."""

from django.urls import path

from upperback.web.person import flare

urlpatterns = [
    path("flare/", flare.flare_page, name="flare"),
    path("flare/about/", flare.about, name="flare_about"),
    path("flare/over/", flare.end, name="flare_over"),
    path("flare/mistake/", flare.mistake, name="flare_mistake"),
]
