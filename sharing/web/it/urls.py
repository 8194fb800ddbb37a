"""Addresses of the IT pages."""

from django.urls import path

from sharing.web.limits import limited, searched

from . import access, delegates, overview, people, person

app_name = "it"
as_file = limited("exports", methods=("GET", "HEAD"))
urlpatterns = [
    path("", overview.overview_page, name="overview"),
    path("access/", searched(access.access_page), name="access"),
    path("access/csv/", as_file(access.access_csv), name="access_csv"),
    path("delegates/", searched(delegates.delegates_page), name="delegates"),
    path("delegates/csv/", as_file(delegates.delegates_csv), name="delegates_csv"),
    path("people/", searched(people.people_page), name="people"),
    path("people/<slug:public_id>/", person.person_page, name="person"),
]
