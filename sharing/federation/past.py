"""What changed of one relationship from export to export: pure."""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from sharing.models import ExchangeSnapshot, OrganizationRelationship

from .differences import Field, compare
from .export import Export, Relationship


class Step(NamedTuple):
    """What an export of `exported_at` said otherwise than the one before it that holds this relationship."""

    exported_at: datetime
    fields: tuple[Field, ...]


def steps(rows: Iterable[OrganizationRelationship]) -> list[Step]:
    """`rows` are one relationship in the exports that hold it, newest first, as are the steps that changed it."""
    return [
        Step(newer.snapshot.exported_at, difference.fields)
        for newer, older in pairwise(rows)
        for difference in compare(_export(older), _export(newer))
    ]


def _export(row: OrganizationRelationship) -> Export:
    values = {name: getattr(row, name) for name in Relationship.__annotations__} | {"domains": tuple(row.domains)}
    sections = {ExchangeSnapshot.RELATIONSHIPS: ExchangeSnapshot.READ}
    return Export(row.snapshot.exported_at, sections, relationships=(Relationship(**values),))
