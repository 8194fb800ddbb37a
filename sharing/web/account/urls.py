"""Addresses of a person's own connection; `connected/` is registered at Microsoft as a redirect address."""

from django.urls import path

from sharing.web.owner.zones import in_own_zone

from . import views

app_name = "account"
urlpatterns = [
    path("", in_own_zone(views.home), name="home"),
    path("connect/", views.connect, name="connect"),
    path("connected/", views.connected, name="connected"),
    path("leave/", in_own_zone(views.leave), name="leave"),
    path("come-back/", views.come_back, name="come_back"),
    path("volunteer/", views.volunteer, name="volunteer"),
    path("<str:public_id>/disconnect/", in_own_zone(views.disconnect), name="disconnect"),
]
