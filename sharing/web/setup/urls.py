"""Addresses of the set-up pages."""

from django.urls import path

from . import connecting, connections, credentials, disclosure, ends, invitations, limit, outbox, roles, runs, users

app_name = "setup"
urlpatterns = [
    path("connections/", connections.connections_page, name="connections"),
    path("connect/", connecting.connect_page, name="connect"),
    path("connecting/", connecting.connecting_page, name="connecting"),
    path("connecting/progress/", connecting.connecting_progress, name="connecting_progress"),
    path("connecting/link/", connecting.make_link, name="make_link"),
    path("connecting/cancel/", connecting.cancel, name="cancel_connecting"),
    path("connecting/confirm/", connecting.confirm_page, name="confirm_link"),
    path("credentials/", credentials.credentials_page, name="credentials"),
    path("credentials/progress/", credentials.credentials_progress, name="credentials_progress"),
    path("credentials/make/", credentials.make_certificate, name="make_certificate"),
    path("credentials/secret/", credentials.client_secret, name="client_secret"),
    path("credentials/<slug:public_id>/certificate/", credentials.certificate, name="certificate"),
    path("credentials/<slug:public_id>/try/", credentials.try_credential, name="try_credential"),
    path("credentials/<slug:public_id>/back/", credentials.use_again, name="use_credential_again"),
    path("credentials/<slug:public_id>/erase/", credentials.erase_credential, name="erase_credential"),
    path("disclosure/", disclosure.disclosure_page, name="disclosure"),
    path("outbox/", outbox.outbox_page, name="outbox"),
    path("limit/", limit.limit_page, name="limit"),
    path("limit/progress/", limit.limit_progress, name="limit_progress"),
    path("limit/test/", limit.test_now, name="test_limit"),
    path("limit/lift/", limit.lift_page, name="lift_limit"),
    path("locks/", ends.locks_page, name="locks"),
    path("disconnect/", ends.end_page, name="end"),
    path("invitations/", invitations.invitations_page, name="invitations"),
    path("invitations/<int:pk>/withdraw/", invitations.withdraw, name="withdraw"),
    path("users/", users.users_page, name="users"),
    path("users/csv/", users.users_csv, name="users_csv"),
    path("users/<slug:public_id>/", users.mailbox_page, name="mailbox"),
    path("users/<slug:public_id>/disconnect/", users.disconnect_mailbox, name="disconnect_mailbox"),
    path("users/<slug:public_id>/reconnect/", users.reconnect_mailbox, name="reconnect_mailbox"),
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
