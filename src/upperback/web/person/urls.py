"""Addresses of the pages of a person."""

from django.urls import path

from upperback.web.person import assessment, breaks, check, device, kept, live, people, plan, result, today, training
from upperback.web.person.daily_urls import urlpatterns as daily_care
from upperback.web.person.data_urls import urlpatterns as own_data
from upperback.web.person.review_urls import urlpatterns as looking_back

urlpatterns = [
    path("people/", people.people_page, name="people"),
    path("people/choose/", people.choose_person, name="choose_person"),
    path("home/", check.home, name="home"),
    path("check/", check.check, name="check"),
    path("check/start/", check.start, name="check_begin"),
    path("check/next/", check.next_page, name="check_next"),
    path("check/part/<slug:page_id>/", check.part_page, name="check_part"),
    path("check/question/<slug:question_id>/", check.question_page, name="check_question"),
    path("check/answers/", check.answers_page, name="check_answers"),
    path("result/<uuid:decision_uuid>/", result.result, name="result"),
    path("result/<uuid:decision_uuid>/correct/", result.correct, name="result_correct"),
    path("result/<uuid:decision_uuid>/cleared/", plan.clearance, name="clearance"),
    path("assessment/", assessment.assessment, name="assessment"),
    path("assessment/begin/", assessment.begin, name="assessment_begin"),
    path("assessment/step/<slug:step_id>/", assessment.step_page, name="assessment_step"),
    path("plan/", plan.plan_page, name="plan"),
    path("plan/make/", plan.make, name="plan_make"),
    path("plan/shape/", plan.shape, name="plan_shape"),
    path("plan/swap/<slug:exercise_id>/", plan.swap, name="plan_swap"),
    path("exercise/<slug:exercise_id>/", plan.exercise_page, name="exercise"),
    path("today/", today.today_page, name="today"),
    path("today/mark/", today.mark, name="today_mark"),
    path("training/", training.start, name="training_start"),
    path("training/movement/", training.start, {"what": "movement"}, name="training_start_movement"),
    path("training/<slug:session_id>/", training.training, name="training"),
    path("training/<slug:session_id>/log/<slug:exercise_id>/", training.log, name="training_log"),
    path("training/<slug:session_id>/exercise/<slug:exercise_id>/", device.exercise, name="training_exercise"),
    path("training/<slug:session_id>/end/", training.end, name="training_end"),
    path("training/<slug:session_id>/change/", training.change, name="training_change"),
    path("training/<slug:session_id>/wrong/", training.wrong, name="training_wrong"),
    path("training/<slug:session_id>/done/", training.done, name="training_done"),
    path("morning/", training.morning, name="morning"),
    path("breaks/", breaks.breaks_page, name="breaks"),
    path("breaks/card/", breaks.card, name="break_card"),
    path("breaks/now/", breaks.break_page, name="break_now"),
    path("breaks/answer/", breaks.answer, name="break_answer"),
    path("breaks/longer/", breaks.longer, name="break_longer"),
    path("breaks/hold/", breaks.hold, name="break_hold"),
    path("breaks/calendar/", breaks.calendar_file, name="break_calendar"),
    path("breaks/zone/", breaks.zone, name="break_zone"),
    path("breaks/push/", breaks.push_on, name="push_on"),
    path("breaks/push/off/", breaks.push_off, name="push_off"),
    path("breaks/push/key/", breaks.push_public_key, name="push_key"),
    path("breaks/feed/", breaks.feed, name="break_feed"),
    path("live/", live.live_page, name="live"),
    path("live/screen/", live.screen_page, name="live_screen"),
    path("live/ticket/", live.ticket, name="live_ticket"),
    path("live/muscle/", live.muscle_page, name="live_muscle"),
    path("live/kept/", kept.kept_page, name="live_kept"),
    path("live/kept/delete/", kept.kept_delete, name="live_kept_delete"),
    path("live/kept/finish/", kept.kept_finish, name="live_kept_finish"),
    path("live/kept/<uuid:kept>/", kept.kept_file, name="live_kept_file"),
    path("diary/", device.keep, name="diary"),
]

urlpatterns += daily_care + looking_back + own_data
