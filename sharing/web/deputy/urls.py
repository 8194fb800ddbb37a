"""Addresses of who acts for whom."""

from django.urls import path

from sharing.web.owner.zones import in_own_zone

from . import others, owners

urlpatterns = [
    path("deputies/", in_own_zone(owners.deputies), name="deputies"),
    path("deputies/<str:public_id>/end/", owners.end, name="deputy_end"),
    path("for-others/", in_own_zone(others.for_others), name="for_others"),
    path("for-others/cover/", in_own_zone(others.ask_cover), name="ask_cover"),
]
