"""A thousand ways to tamper with the audit log, on a database whose triggers somebody took away: none is missed."""

import json
import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F

from sharing import audit
from sharing.models import AuditChain, AuditEvent, Tenant, triggers
from tests.audit.chains import NOW, head_of, recorded
from tests.cloud import FABRIKAM

pytestmark = pytest.mark.django_db

TAMPERINGS, EVENTS, SEED = 1000, 25, 20261121
TEXTS = (
    "actor",
    "verb",
    "before",
    "after",
    "outcome",
    "request_id",
    "on_behalf",
    "source",
    "person_key",
    "mailbox_key",
)


@pytest.fixture
def contoso(contoso):
    """A chain of events, of which retention let 5 go, with its head written elsewhere; and Fabrikam's beside it."""
    fabrikam = Tenant.objects.create(tid=FABRIKAM, name="Fabrikam", state_since=NOW)
    recorded(fabrikam, 5)
    recorded(contoso, EVENTS)
    let_go = AuditEvent.objects.get(chain=contoso.tid, seq=5)
    recorded(contoso, 1, verb="audit.pruned", subject={"to": 5, "hash": let_go.hash})
    AuditChain.objects.filter(key=contoso.tid).update(pruned_to=5)
    AuditEvent.objects.filter(chain=contoso.tid, seq__lte=5).delete()
    recorded(contoso, 4, verb="change.requested", subject={"mailbox": "alex", "person": "megan"}, source="192.0.2.1 ab")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    triggers.lift()
    return contoso


def events(contoso):
    return AuditEvent.objects.filter(chain=contoso.tid)


def one(contoso, chance):
    return chance.choice(list(events(contoso).order_by("seq")))


def one_before_the_last(contoso, chance):
    """What follows the last one in due form is an event like any other, and no tampering with those before it."""
    return chance.choice(list(events(contoso).order_by("seq"))[:-1])


def signed(rows, prev):
    """`rows` chained anew after `prev`, as somebody does who knows how; the last hash."""
    for event in rows:
        event.prev = prev
        event.hash = prev = event.digest()
        fields = {f.attname: getattr(event, f.attname) for f in AuditEvent._meta.concrete_fields if f.attname != "id"}
        AuditEvent.objects.filter(pk=event.pk).update(**fields)
    return prev


def edit(contoso, chance):
    """One field of one event."""
    event = one(contoso, chance)
    name = chance.choice([*TEXTS, "at", "subject", "prev", "hash", "tenant"])
    if name == "at":
        value = event.at + timedelta(microseconds=chance.choice([-1, 1, 10**6]))
    elif name == "subject":
        value = {**event.subject, chance.choice(["person", "more"]): chance.random()}
    elif name == "tenant":
        value = Tenant.objects.exclude(pk=contoso.pk).first()
    elif name in ("prev", "hash"):
        value = f"{chance.getrandbits(256):064x}"
    else:
        value = f"{chance.getrandbits(32):x}"
    AuditEvent.objects.filter(pk=event.pk).update(**{name: value})


def edit_and_sign(contoso, chance):
    """A field, and the event's own hash with it."""
    event = one(contoso, chance)
    event.actor = f"system{chance.getrandbits(20)}"
    AuditEvent.objects.filter(pk=event.pk).update(actor=event.actor, hash=event.digest())


def edit_and_sign_all(contoso, chance):
    """A field, and every hash from there to the head: only what was written elsewhere shows it."""
    event = one(contoso, chance)
    AuditEvent.objects.filter(pk=event.pk).update(outcome=f"{chance.getrandbits(20)}")
    rest = list(events(contoso).filter(seq__gte=event.seq).order_by("seq"))
    AuditChain.objects.filter(key=contoso.tid).update(hash=signed(rest, event.prev))


def delete(contoso, chance):
    first = one(contoso, chance).seq
    events(contoso).filter(seq__range=(first, first + chance.randrange(3))).delete()


def delete_and_sign(contoso, chance):
    """A run of events, the rest numbered and chained anew."""
    event = one(contoso, chance)
    event.delete()
    rest = list(events(contoso).filter(seq__gt=event.seq).order_by("seq"))
    for row in rest:
        AuditEvent.objects.filter(pk=row.pk).update(seq=row.seq - 1)
        row.seq -= 1
    AuditChain.objects.filter(key=contoso.tid).update(seq=F("seq") - 1, hash=signed(rest, event.prev))


def delete_the_front(contoso, chance):
    """As retention does, without its event."""
    upto = one(contoso, chance).seq
    AuditChain.objects.filter(key=contoso.tid).update(pruned_to=upto)
    events(contoso).filter(seq__lte=upto).delete()


def insert(contoso, chance):
    """An event between two others, or behind the head."""
    model = one_before_the_last(contoso, chance)
    seq = chance.choice([10**6 + chance.randrange(9), AuditChain.objects.get(key=contoso.tid).seq + 1])
    forged = AuditEvent(chain=contoso.tid, seq=seq, at=model.at, tenant=contoso, actor="x", verb="x", prev=model.hash)
    forged.hash = forged.digest()
    forged.save(force_insert=True)
    if chance.random() < 0.5:  # the head moved along, so that it looks like the newest event
        AuditChain.objects.filter(key=contoso.tid).update(seq=seq, hash=forged.hash)


def insert_and_sign(contoso, chance):
    """An event in the middle, the rest numbered and chained anew."""
    event = one_before_the_last(contoso, chance)
    rest = list(events(contoso).filter(seq__gt=event.seq).order_by("-seq"))
    for row in rest:
        row.seq += 1
        AuditEvent.objects.filter(pk=row.pk).update(seq=row.seq)
    forged = AuditEvent(
        chain=contoso.tid, seq=event.seq + 1, at=event.at, tenant=contoso, actor="x", verb="x", prev="", hash=""
    )
    forged.save(force_insert=True)
    last = signed([forged, *reversed(rest)], event.hash)
    AuditChain.objects.filter(key=contoso.tid).update(seq=F("seq") + 1, hash=last)


def reorder(contoso, chance):
    """Two events change places."""
    first, second = sorted(chance.sample(list(events(contoso)), 2), key=lambda event: event.seq)
    if chance.random() < 0.5:
        for pk, seq in ((first.pk, 0), (second.pk, first.seq), (first.pk, second.seq)):
            AuditEvent.objects.filter(pk=pk).update(seq=seq)
    else:
        for pk, other in ((first.pk, second), (second.pk, first)):
            AuditEvent.objects.filter(pk=pk).update(actor=other.actor, at=other.at, subject=other.subject)


def cut(contoso, chance):
    """The tail goes, and the head with it: nothing in the database knows."""
    upto = one(contoso, chance).seq - 1
    if upto <= 5:
        return cut(contoso, chance)
    events(contoso).filter(seq__gt=upto).delete()
    last = events(contoso).get(seq=upto)
    AuditChain.objects.filter(key=contoso.tid).update(seq=upto, hash=last.hash, written_seq=0)


def spoil_the_head(contoso, chance):
    chain = AuditChain.objects.filter(key=contoso.tid)
    ways = [
        {"seq": F("seq") + 1}, {"seq": F("seq") - 1}, {"hash": "f" * 64}, {"pruned_to": 4}, {"pruned_to": 6},
        {"pruned_to": 0}, {"key": "another"},
    ]  # fmt: skip
    way = chance.choice([*ways, None])
    chain.delete() if way is None else chain.update(**way)


def empty(contoso, chance):
    events(contoso).delete()
    if chance.random() < 0.5:
        AuditChain.objects.filter(key=contoso.tid).delete()


def move(contoso, chance):
    """An event into the other tenant's chain."""
    event, other = one(contoso, chance), Tenant.objects.exclude(pk=contoso.pk).first()
    AuditEvent.objects.filter(pk=event.pk).update(chain=str(other.tid), seq=100 + chance.randrange(9), tenant=other)


WAYS = (
    edit, edit, edit, edit_and_sign, edit_and_sign_all, delete, delete_and_sign, delete_the_front, insert,
    insert_and_sign, reorder, cut, spoil_the_head, empty, move,
)  # fmt: skip


def test_a_thousand_tamperings_are_all_found(contoso):
    heads = [head_of(contoso)]
    assert [v.faults for v in audit.verify(heads=heads)] == [[], []]
    chance, tried, missed = random.Random(SEED), Counter(), []
    before = fingerprint()
    for number in range(TAMPERINGS):
        way = chance.choice(WAYS)
        with transaction.atomic():
            way(contoso, chance)
            if fingerprint() != before:  # it may be the value that was there already
                tried[way.__name__] += 1
                if all(verdict.is_whole for verdict in audit.verify(heads=heads)):
                    missed.append((number, way.__name__))
            transaction.set_rollback(True)
    assert missed == []
    assert sum(tried.values()) >= TAMPERINGS * 0.98
    assert set(tried) == {way.__name__ for way in WAYS}
    assert [v.faults for v in audit.verify(heads=heads)] == [[], []]


def fingerprint():
    rows = [list(model.objects.order_by("pk").values_list()) for model in (AuditEvent, AuditChain)]
    return json.dumps(rows, default=str)
