"""Addresses of the activation pages; the first two are registered at Microsoft as redirect addresses."""

from django.urls import path

from . import views

app_name = "activate"
urlpatterns = [
    path("consented/", views.consented, name="consented"),
    path("signed-in/", views.signed_in, name="signed_in"),
    path("approved/", views.approved, name="approved"),
    path("<slug:token>/", views.link_page, name="link"),
]
