"""Addresses of the set-up pages."""

from django.urls import path

from . import connecting, connections, roles, runs, users

app_name = "setup"
urlpatterns = [
    path("connections/", connections.connections_page, name="connections"),
    path("connect/", connecting.connect_page, name="connect"),
    path("connecting/", connecting.connecting_page, name="connecting"),
    path("connecting/progress/", connecting.connecting_progress, name="connecting_progress"),
    path("connecting/link/", connecting.make_link, name="make_link"),
    path("connecting/cancel/", connecting.cancel, name="cancel_connecting"),
    path("connecting/confirm/", connecting.confirm_page, name="confirm_link"),
    path("users/", users.users_page, name="users"),
    path("users/<slug:public_id>/", users.mailbox_page, name="mailbox"),
    path("users/<slug:public_id>/check/", users.check_mailbox, name="check_mailbox"),
    path("users/<slug:public_id>/stewards/<int:pk>/end/", users.end_stewardship, name="end_stewardship"),
    path("roles/", roles.roles_page, name="roles"),
    path("roles/<int:pk>/remove/", roles.remove_role, name="remove_role"),
    path("sync/", runs.runs_page, name="runs"),
    path("sync/check/", runs.check_now, name="check"),
    path("sync/<slug:public_id>/", runs.run_page, name="run"),
    path("sync/<slug:public_id>/progress/", runs.run_progress, name="run_progress"),
    path("sync/<slug:public_id>/accept/", runs.settle_run, {"how": "accept"}, name="accept_run"),
    path("sync/<slug:public_id>/reject/", runs.settle_run, {"how": "reject"}, name="reject_run"),
]
