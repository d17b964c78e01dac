"""Addresses of daily care: a flare-up, tasks, the desk, habits, and what there is to read."""

from django.urls import path

from upperback.web.person import easy, flare, habits, learn, load, workplace

urlpatterns = [
    path("flare/", flare.flare_page, name="flare"),
    path("flare/about/", flare.about, name="flare_about"),
    path("flare/over/", flare.end, name="flare_over"),
    path("load/", load.load_page, name="load"),
    path("load/new/", load.amounts, name="load_new"),
    path("load/plan/", load.follow, name="load_plan"),
    path("load/ladder/", load.ladder, name="load_ladder"),
    path("load/ladder/<slug:rung_id>/", load.rung, name="load_rung"),
    path("load/entry/<uuid:entry_uuid>/", load.entry, name="load_entry"),
    path("load/task/<slug:task_id>/", load.task, name="load_task"),
    path("load/task/<slug:task_id>/amounts/", load.amounts, name="load_amounts"),
    path("load/task/<slug:task_id>/change/", load.change, name="load_change"),
    path("workplace/", workplace.workplace, name="workplace"),
    path("workplace/check/", workplace.part, name="workplace_check"),
    path("workplace/check/<slug:part_id>/", workplace.part, name="workplace_part"),
    path("workplace/point/", workplace.point, name="workplace_point"),
    path("workplace/print/", workplace.sheet, name="workplace_print"),
    path("habits/", habits.habits, name="habits"),
    path("habits/breathing/", habits.breathing, name="habits_breathing"),
    path("easy/", easy.index, name="easy"),
    path("easy/<slug:easy_id>/", easy.page, name="easy_page"),
    path("learn/", learn.index, name="learn"),
    path("learn/search/", learn.search, name="learn_search"),
    path("learn/book/", learn.book, name="learn_book"),
    path("learn/<slug:learn_id>/", learn.page, name="learn_page"),
    path("plan/reading/<slug:learn_id>/", learn.want, name="learn_want"),
    path("flare/mistake/", flare.mistake, name="flare_mistake"),
]
