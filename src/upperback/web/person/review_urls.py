"""Addresses of looking back: the weekly check-in, help before the review, the review."""

from django.urls import path

from upperback.web.person import card, checkin, goals, progress, review

urlpatterns = [
    path("progress/", progress.progress_page, name="progress"),
    path("history/", progress.history_page, name="history"),
    path("card/", card.card_page, name="card"),
    path("goals/", goals.goals_page, name="goals"),
    path("checkin/", checkin.check_in, name="checkin"),
    path("sooner/", checkin.sooner, name="sooner"),
    path("later/", checkin.later, name="later"),
    path("review/", review.review, name="review"),
    path("review/<uuid:review_uuid>/", review.review_result, name="review_result"),
]
