"""Addresses of the IT pages."""

from django.urls import include, path

from sharing.web.limits import limited, searched

from . import (
    access,
    activity,
    bulk,
    delegates,
    deputies,
    entry,
    giving,
    jobs,
    overview,
    past,
    people,
    person,
    proposals,
    unsettled,
)

app_name = "it"
for_person = limited("search", methods=("GET", "HEAD"), field="person")
as_file = limited("exports", methods=("GET", "HEAD"))
urlpatterns = [
    path("", overview.overview_page, name="overview"),
    path("activity/", for_person(activity.activity_page), name="activity"),
    path("activity/csv/", as_file(activity.activity_csv), name="activity_csv"),
    path("access/", searched(access.access_page), name="access"),
    path("access/bulk/", bulk.bulk, name="bulk"),
    path("access/<int:pk>/", entry.entry_page, name="entry"),
    path("access/<int:pk>/history/", past.permission_history, name="permission_history"),
    path("access/csv/", as_file(access.access_csv), name="access_csv"),
    path("delegates/", searched(delegates.delegates_page), name="delegates"),
    path("delegates/csv/", as_file(delegates.delegates_csv), name="delegates_csv"),
    path("people/", searched(people.people_page), name="people"),
    path("people/<slug:public_id>/", person.person_page, name="person"),
    path("people/<slug:public_id>/history/", past.person_history, name="person_history"),
    path("people/<slug:public_id>/on/", past.person_on_date, name="person_on"),
    path("calendars/<slug:public_id>/", past.calendar_page, name="calendar"),
    path("calendars/<slug:public_id>/history/", past.calendar_history, name="calendar_history"),
    path("calendars/<slug:public_id>/on/", past.calendar_on_date, name="calendar_on"),
    path("calendars/<slug:public_id>/restore/", past.restore_calendar, name="restore_calendar"),
    path("people/<slug:public_id>/give/", giving.give_page, name="give"),
    path("people/<slug:public_id>/deputies/", searched(deputies.ask_page), name="ask_deputy"),
    path("deputies/<slug:public_id>/end/", deputies.end_page, name="end_deputy"),
    path("jobs/", jobs.jobs_page, name="jobs"),
    path("jobs/<slug:public_id>/", jobs.job_page, name="job"),
    path("jobs/<slug:public_id>/progress/", jobs.job_progress, name="job_progress"),
    path("jobs/<slug:public_id>/confirm/", jobs.confirm_job, name="confirm_job"),
    path("jobs/<slug:public_id>/cancel/", jobs.cancel_job, name="cancel_job"),
    path("organizations/", include("sharing.web.it.organizations.urls")),
    path("changes/", unsettled.unsettled_page, name="unsettled"),
    path("changes/<slug:public_id>/look/", unsettled.look_again, name="look"),
    path("proposals/", proposals.proposals_page, name="proposals"),
    path("proposals/<slug:public_id>/", proposals.proposal_page, name="proposal"),
    path("proposals/<slug:public_id>/answer/", proposals.answer_proposal, name="answer_proposal"),
]
