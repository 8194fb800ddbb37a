"""`rotate_secrets`: online, resumable, complete, and an exit code that says whether the old key may go."""

import getpass
import json
import os

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.utils.timezone import now

from portal.keys import token_key
from sharing.connect import clients, credentials, grants
from sharing.connect.sealing import key_name, seal, unseal
from sharing.models import AppCredential, AuditEvent, Grant, Tenant, User
from tests.cloud import CONTOSO

OLD, NEW = token_key(), token_key()
PEOPLE = 7


@pytest.fixture
def sealed(db, settings):
    """A certificate, a client secret and seven grants, sealed with the old key; the new one then stands in front."""
    settings.TOKEN_KEYS = [OLD]
    credentials.make_certificate(app="reader", now=now(), by="test")
    credentials.keep_secret(app="writer", secret="the-secret", expires_at=None, now=now(), by="test")
    tenant = Tenant.objects.create(tid=CONTOSO, cloud="sandbox", state_since=now())
    for n in range(PEOPLE):
        user = User.objects.create(tenant=tenant, oid=f"00000000-0000-4000-8000-00000000000{n}")
        grant = Grant(user=user, tenant=tenant, account_oid=user.oid, state_since=now(), connected_at=now())
        grant.sealed = seal(f"refresh-{n}", purpose=grants.purpose_of(grant))
        grant.save()
    settings.TOKEN_KEYS = [NEW, OLD]


def opened():
    """Everything at rest, as it opens now."""
    kept = [unseal(row.sealed, purpose=clients.purpose_of(row)) for row in AppCredential.objects.order_by("pk")]
    assert kept[0].startswith("-----BEGIN PRIVATE KEY-----")
    return [*kept[1:], *(unseal(row.sealed, purpose=grants.purpose_of(row)) for row in Grant.objects.order_by("pk"))]


def test_it_stops_midway_goes_on_and_the_old_key_may_go(run, sealed, settings):
    with pytest.raises(CommandError, match="run rotate_secrets again"):
        run("rotate_secrets", limit=4)
    everything = ["the-secret", *(f"refresh-{n}" for n in range(PEOPLE))]
    assert opened() == everything  # half of it under each key
    with pytest.raises(CommandError):
        run("rotate_secrets", status=True)
    said = run("rotate_secrets")
    assert said.splitlines() == [
        "5 sealed anew.", f"key {key_name(NEW)}: 9", "Every secret is under the first key; the others may go."
    ]  # fmt: skip
    settings.TOKEN_KEYS = [NEW]
    assert opened() == everything
    assert run("rotate_secrets").startswith("0 sealed anew.")


def test_the_object_counts_by_the_names_of_keys_and_holds_no_secret(run, sealed):
    told = json.loads(run("rotate_secrets", json=True))
    assert told == {"complete": True, "resealed": 9, "keys": {key_name(NEW): 9}, "broken": []}
    assert not any(secret in str(told) for secret in (NEW, OLD, "refresh-", "PRIVATE"))


def test_who_sealed_how_many_anew_stands_in_the_activity_log(run, sealed, monkeypatch):
    with pytest.raises(CommandError):
        run("rotate_secrets", limit=4)
    monkeypatch.setattr(getpass, "getuser", lambda: {}["nobody"])  # a container whose account has no name
    run("rotate_secrets")
    run("rotate_secrets")  # nothing is left to do, nothing is written down
    first, last = AuditEvent.objects.filter(verb="secrets.rotated").order_by("seq")
    assert (first.subject["resealed"], first.outcome) == (4, "incomplete")
    assert (last.subject["resealed"], last.outcome) == (PEOPLE + 2 - 4, "complete")
    assert last.actor == f"cli:{os.getuid()}"


def test_status_writes_nothing(run, sealed):
    before = list(Grant.objects.order_by("pk").values_list("sealed", flat=True))
    with pytest.raises(CommandError):
        run("rotate_secrets", status=True)
    assert list(Grant.objects.order_by("pk").values_list("sealed", flat=True)) == before


def test_what_no_key_opens_is_named_and_the_rest_is_done(run, sealed, settings):
    lost = Grant.objects.order_by("pk")[2]
    Grant.objects.filter(pk=lost.pk).update(sealed=Grant.objects.order_by("pk")[3].sealed)  # of another row
    with pytest.raises(CommandError, match="open with no key"):
        run("rotate_secrets")
    settings.TOKEN_KEYS = [NEW]
    others = Grant.objects.exclude(pk=lost.pk)
    assert len([unseal(row.sealed, purpose=grants.purpose_of(row)) for row in others]) == PEOPLE - 1


def test_a_token_renewed_meanwhile_is_never_overwritten(run, sealed):
    """Another worker writes between our reading of the row and our writing."""
    last = Grant.objects.order_by("pk").last()
    renewed = {"sealed": seal("renewed", purpose=grants.purpose_of(last)), "version": 1}
    waiting = [last.pk]

    def another_worker(execute, sql, params, many, context):
        if waiting and sql.startswith("UPDATE") and last.pk in params:
            Grant.objects.filter(pk=waiting.pop()).update(**renewed)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(another_worker):
        assert run("rotate_secrets").startswith("8 sealed anew.")
    last.refresh_from_db()
    assert (unseal(last.sealed, purpose=grants.purpose_of(last)), last.version, waiting) == ("renewed", 1, [])
