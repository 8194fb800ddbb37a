"""Signing in and out; the addresses below accounts/ are allauth's, because registrations name them."""

from django.urls import path

from . import views

urlpatterns = [
    path("signin/", views.signin, name="signin"),
    path("signout/", views.signout, name="signout"),
    path("accounts/microsoft/login/", views.begin, name="microsoft_login"),
    path("accounts/microsoft/login/callback/", views.callback, name="microsoft_callback"),
]
