"""Reads whole chains of the audit log, and finds what was altered, taken away, put in, moved or cut off."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max

from sharing.models import INSTALLATION, NO_HASH, AuditChain, AuditEvent

from .heads import FORGED, NO_KEY, SIGNED, UNSIGNED, Head

PRUNED = "audit.pruned"  # subject: `to`, the last seq that was let go, and `hash`, its hash
CHUNK = 2000
MOST_FAULTS = 100  # of one chain: after that nothing new is learned


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written; `seq` is where it shows."""

    what: str
    seq: int
    sentence: str


@dataclass(slots=True)
class Verdict:
    """What one chain looks like: its events from `first` to `last`, and what is wrong with it."""

    chain: str
    first: int = 0
    last: int = 0
    events: int = 0
    heads: int = 0  # written elsewhere, and found again here
    unproved: int = 0  # of those written elsewhere, the ones that nobody can prove to be ours
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.faults

    def add(self, what: str, seq: int, sentence: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(what, seq, sentence))


def verify(*, heads: Iterable[Head] = (), chains: Iterable[str] | None = None) -> list[Verdict]:
    """The verdict on each chain (all, if None), against `heads` that were written elsewhere. Reads only."""
    written: dict[str, list[Head]] = defaultdict(list)
    for head in heads:
        written[head.chain].append(head)
    if chains is None:
        known = set(AuditChain.objects.values_list("key", flat=True))
        found = set(AuditEvent.objects.order_by().values_list("chain", flat=True).distinct())
        chains = known | found | set(written)
    return [_verify_settled(key, written.get(key, [])) for key in sorted(chains)]


def _verify_settled(key: str, heads: list[Head]) -> Verdict:
    """Once more where retention moved on meanwhile: then what is missing was let go as it should be."""
    before = AuditChain.objects.filter(key=key).values_list("pruned_to", flat=True).first()
    verdict = _verify(key, heads)
    after = AuditChain.objects.filter(key=key).values_list("pruned_to", flat=True).first()
    return verdict if before == after else _verify(key, heads)


def _verify(key: str, heads: list[Head]) -> Verdict:
    verdict = Verdict(key)
    # The head first: whatever is written while we read stands behind it.
    chain = AuditChain.objects.filter(key=key).first()
    last = AuditEvent.objects.filter(chain=key).aggregate(seq=Max("seq"))["seq"] or 0
    if chain is None:
        verdict.add("no_head", last, "The chain has no head any more.")
        chain = AuditChain(key=key, seq=last, hash="")
    walk = _walk(chain, verdict)
    end = verdict.last or chain.pruned_to
    if end < chain.seq:
        verdict.add("cut", chain.seq, f"The head is at {chain.seq}, and the last event is {end}.")
    elif chain.hash and chain.hash != (walk.last if verdict.events else NO_HASH):
        verdict.add("head", chain.seq, f"The head does not match the last event, {end}.")
    if chain.written_seq > chain.seq:
        verdict.add("cut", chain.seq, f"The head was written elsewhere at {chain.written_seq}, and is at {chain.seq}.")
    # The head again, and last: whoever wrote an event meanwhile has moved it.
    now = AuditChain.objects.filter(key=key).values_list("seq", flat=True).first() or 0
    if last > max(now, chain.seq):
        verdict.add("inserted", last, f"{last} stands behind the head, which is at {now}.")
    _compare(chain, heads, walk.by_seq, verdict)
    return verdict


@dataclass(slots=True)
class _Walk:
    """What is remembered on the way: the hash of each event and of the last one, and what retention says it let go."""

    by_seq: dict[int, str] = field(default_factory=dict)
    last: str = ""
    pk: int = 0
    let_go: dict[Any, Any] = field(default_factory=dict)  # the last seq → its hash


def _walk(chain: AuditChain, verdict: Verdict) -> _Walk:
    """Every event up to the head, in its order."""
    walk = _Walk()
    expected, first_prev, before = chain.pruned_to + 1, "", "" if chain.pruned_to else NO_HASH
    rows = AuditEvent.objects.filter(chain=chain.key, seq__lte=chain.seq).select_related("tenant")
    for event in rows.order_by("seq", "pk").iterator(chunk_size=CHUNK):
        if event.seq > expected:
            gap = f"{expected}" if event.seq == expected + 1 else f"{expected} to {event.seq - 1}"
            verdict.add("missing", expected, f"Missing: {gap}.")
        elif event.seq < expected:
            verdict.add("inserted", event.seq, f"{event.seq} is there and should not be.")
        elif before and event.prev != before:
            verdict.add("link", event.seq, f"{event.seq} does not follow from the event before it.")
        if not verdict.events:
            verdict.first, first_prev = event.seq, event.prev
        _look_at(event, walk, verdict)
        verdict.events += 1
        verdict.last, expected, before = event.seq, event.seq + 1, event.hash
        walk.by_seq[event.seq] = walk.last = event.hash
        walk.pk = event.pk
    if chain.pruned_to and walk.let_go.get(chain.pruned_to) != first_prev:
        verdict.add("cut_front", chain.pruned_to, f"Events up to {chain.pruned_to} are gone, and not by retention.")
    return walk


def _look_at(event: AuditEvent, walk: _Walk, verdict: Verdict) -> None:
    """Is one event, for itself, as it was written?"""
    if event.digest() != event.hash:
        verdict.add("altered", event.seq, f"{event.seq} was altered after it was written.")
    tenant = str(event.tenant.tid) if event.tenant else INSTALLATION
    if tenant != event.chain:
        verdict.add("altered", event.seq, f"{event.seq} was moved to another tenant.")
    if (event.person_key, event.mailbox_key) != event.keys():
        verdict.add("altered", event.seq, f"{event.seq} is hidden from who looks for it.")
    if event.pk <= walk.pk:
        verdict.add("moved", event.seq, f"{event.seq} was written before the event it follows.")
    if event.verb == PRUNED:
        walk.let_go[event.subject.get("to")] = event.subject.get("hash")


def _compare(chain: AuditChain, heads: list[Head], by_seq: dict[int, str], verdict: Verdict) -> None:
    """Is what was written elsewhere still here, and was it written by us?"""
    end = verdict.last or chain.pruned_to
    first_signed = min((head.seq for head in heads if head.proof() == SIGNED), default=None)
    for head in heads:
        proof = head.proof()
        verdict.unproved += proof in (UNSIGNED, NO_KEY)
        if proof == FORGED:
            verdict.add("forged", head.seq, f"The head of {head.seq}, {head.at}, was not written by this installation.")
        elif proof == UNSIGNED and first_signed is not None and head.seq > first_signed:
            verdict.add("forged", head.seq, f"The head of {head.seq}, {head.at}, is not signed, and earlier ones are.")
        elif head.seq > end:
            verdict.add("cut", head.seq, f"{head.seq} was there at {head.at}; now the last event is {end}.")
        elif head.seq in by_seq:
            if by_seq[head.seq] == head.hash:
                verdict.heads += 1
            else:
                verdict.add("rewritten", head.seq, f"{head.seq} is not the event that was there at {head.at}.")
        elif head.seq > chain.pruned_to:
            verdict.add("missing", head.seq, f"{head.seq} was there at {head.at}, and is gone.")
