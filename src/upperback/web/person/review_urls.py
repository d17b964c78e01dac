"""Addresses of looking back: the weekly check-in, help before the review, the review."""

from django.urls import path

from upperback.web.person import checkin, review

urlpatterns = [
    path("checkin/", checkin.check_in, name="checkin"),
    path("sooner/", checkin.sooner, name="sooner"),
    path("later/", checkin.later, name="later"),
    path("review/", review.review, name="review"),
    path("review/<uuid:review_uuid>/", review.review_result, name="review_result"),
]
