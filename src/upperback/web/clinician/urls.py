"""Addresses for whoever looks at the record of somebody else: an opened archive, and the people of a clinician."""

from django.urls import path

from upperback.web.clinician import caseload, edit, groups, one_person, opened, tasks, templates, writing

urlpatterns = [
    path("opened/", opened.overview, name="opened"),
    path("opened/change/", opened.change, name="opened_change"),
    path("clinic/", caseload.caseload_page, name="caseload"),
    path("clinic/templates/", templates.templates_page, name="clinic_templates"),
    path("clinic/groups/", groups.groups_page, name="clinic_groups"),
    path("clinic/groups/<uuid:group_id>/", groups.group_page, name="clinic_group"),
    path("clinic/groups/<uuid:group_id>/offer/", groups.offer_page, name="clinic_group_offer"),
    path("clinic/people/<uuid:person_id>/", one_person.person_page, name="clinic_person"),
    path("clinic/people/<uuid:person_id>/plan/", edit.plan_page, name="clinic_plan"),
    path("clinic/people/<uuid:person_id>/picture/<slug:sha256>/", edit.picture, name="clinic_picture"),
    path("clinic/people/<uuid:person_id>/fine/", edit.cleared_page, name="clinic_cleared"),
    path("clinic/people/<uuid:person_id>/tasks/", tasks.tasks_page, name="clinic_tasks"),
    path("clinic/people/<uuid:person_id>/messages/", writing.messages_page, name="clinic_messages"),
]
