"""Many rows at once, the same on SQLite and PostgreSQL; objects of the ORM would cost six times as much."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection, models

CHUNK = 1000  # well below the parameter limit of either database


@lru_cache(maxsize=256)  # a few moments stand in thousands of rows
def moment(value: datetime | None) -> Any:
    """A datetime as this database's driver wants it in raw SQL."""
    return connection.ops.adapt_datetimefield_value(value)


def chunks(values: Iterable[Any]) -> Iterable[list[Any]]:
    everything = list(values)
    for start in range(0, len(everything), CHUNK):
        yield everything[start : start + CHUNK]


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """INSERT `rows`; `columns` are column names, datetimes went through `moment`, JSON is text.

    A column that is not named gets the model's default, the same in every row.
    """
    if not rows:
        return
    table, quote = model._meta.db_table, connection.ops.quote_name
    others = [f for f in model._meta.concrete_fields if not f.primary_key and f.column not in columns]
    rest = tuple(f.get_db_prep_save(f.get_default(), connection) for f in others)
    names = ", ".join(map(quote, (*columns, *(str(f.column) for f in others))))
    marks = ", ".join(["%s"] * (len(columns) + len(others)))
    sql = f"INSERT INTO {quote(table)} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.executemany(sql, [(*row, *rest) for row in rows])


def update_rows(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]], where: Sequence[str] = ("id",)
) -> None:
    """UPDATE the one row that `where` names; its values stand last in each of `rows`. None is never equal."""
    if not rows:
        return
    table, quote = model._meta.db_table, connection.ops.quote_name
    names = ", ".join(f"{quote(c)} = %s" for c in columns)
    which = " AND ".join(f"{quote(c)} = %s" for c in where)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {quote(table)} SET {names} WHERE {which}", rows)  # noqa: S608 - our own names


def swap_versions(model: type[models.Model], noted: Mapping[int, int]) -> set[int]:
    """Advance `version` where it is still as noted; the ids that were. The others were written by somebody else."""
    quote = connection.ops.quote_name
    by_version: dict[int, list[int]] = {}
    for pk, version in noted.items():
        by_version.setdefault(version, []).append(pk)
    won: set[int] = set()
    with connection.cursor() as cursor:
        for version, pks in sorted(by_version.items()):
            for chunk in chunks(sorted(pks)):
                marks = ", ".join(["%s"] * len(chunk))
                cursor.execute(
                    f"UPDATE {quote(model._meta.db_table)} SET version = version + 1"  # noqa: S608 - our own names
                    f" WHERE version = %s AND id IN ({marks}) RETURNING id",
                    [version, *chunk],
                )
                won.update(row[0] for row in cursor.fetchall())
    return won


def refresh_statistics() -> None:
    """Have the database look at its tables afresh, so that it picks the right indexes; SQLite never does by itself.

    PostgreSQL also notes which pages everybody sees, and then counts in indexes alone; it cannot in a transaction.
    """
    is_vacuum = connection.vendor == "postgresql" and not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)" if is_vacuum else "ANALYZE")
