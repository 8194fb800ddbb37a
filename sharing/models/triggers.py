"""What the database itself refuses to do to the audit log: rows are added at the head, and let go by retention only.

Made after every `migrate`, because a later migration on SQLite rebuilds a table and silently drops its triggers.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from .audit import AuditChain, AuditEvent

EVENTS, CHAINS = AuditEvent._meta.db_table, AuditChain._meta.db_table
APPEND_ONLY = "the audit log is append-only"

# The new event stands at the head of its chain; what retention let go may be deleted; the head only moves on.
_AT_HEAD = f"EXISTS (SELECT 1 FROM {CHAINS} c WHERE c.key = NEW.chain AND c.seq = NEW.seq AND c.hash = NEW.prev)"  # noqa: S608
_PRUNED = f"EXISTS (SELECT 1 FROM {CHAINS} c WHERE c.key = OLD.chain AND OLD.seq <= c.pruned_to)"  # noqa: S608
_MOVES_ON = (
    "NEW.key = OLD.key AND NEW.seq BETWEEN OLD.seq AND OLD.seq + 1 AND NEW.pruned_to BETWEEN OLD.pruned_to AND NEW.seq "
    "AND NEW.written_seq BETWEEN OLD.written_seq AND NEW.seq"
)
# name: (what happens, to which table, and the condition under which it is let through; empty: never)
_ROWS = {
    "audit_event_insert": ("INSERT", EVENTS, _AT_HEAD),
    "audit_event_update": ("UPDATE", EVENTS, ""),
    "audit_event_delete": ("DELETE", EVENTS, _PRUNED),
    "audit_chain_update": ("UPDATE", CHAINS, _MOVES_ON),
    "audit_chain_delete": ("DELETE", CHAINS, ""),
}
_WHOLE = {"audit_event_truncate": EVENTS, "audit_chain_truncate": CHAINS}
_FUNCTION = "sharing_audit_{}"


def make(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Make all of them anew; where the tables are not there (a migration back to nothing), nothing."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if not {EVENTS, CHAINS} <= set(connection.introspection.table_names(cursor)):
            return
        with transaction.atomic(using=using):
            for statement in _statements(connection.vendor):
                cursor.execute(statement)


def lift(using: str = DEFAULT_DB_ALIAS) -> None:
    """Take them away, for whoever empties a whole database on purpose; `make` brings them back."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name, table in _tables().items():
            where = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The names of those that are not there, are switched off or were altered; none before the first `migrate`."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if not {EVENTS, CHAINS} <= set(connection.introspection.table_names(cursor)):
            return []
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
                "WHERE t.tgrelid IN (%s::regclass, %s::regclass) AND t.tgenabled = 'A'", [EVENTS, CHAINS],
            )  # fmt: skip
            wanted = {name: _body(condition, event) for name, (event, _, condition) in _ROWS.items()}
            wanted |= {name: _body("", "TRUNCATE") for name in _WHOLE}
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            wanted = {name: _sqlite(name) for name in _ROWS}
        found = dict(cursor.fetchall())
    return [name for name, text in wanted.items() if found.get(name) != text]


def functions() -> list[str]:
    """PostgreSQL's functions behind them, which stay when their tables are dropped."""
    return [_FUNCTION.format(name) for name in _tables()]


def _tables() -> dict[str, str]:
    return {name: table for name, (_, table, _) in _ROWS.items()} | _WHOLE


def _statements(vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [text for name in _ROWS for text in (f"DROP TRIGGER IF EXISTS {name}", _sqlite(name))]
    made = []
    for name, (event, table, condition) in _ROWS.items():
        made += _postgres(name, f"BEFORE {event} ON {table} FOR EACH ROW", table, _body(condition, event))
    for name, table in _WHOLE.items():  # TRUNCATE fires no trigger of a row
        made += _postgres(name, f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT", table, _body("", "TRUNCATE"))
    return made


def _sqlite(name: str) -> str:
    event, table, condition = _ROWS[name]
    when = f"WHEN NOT ({condition}) " if condition else ""
    refuse = f"SELECT RAISE(ABORT, '{APPEND_ONLY}: {event}');"
    return f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when}BEGIN {refuse} END"


def _body(condition: str, event: str) -> str:
    refuse = f"RAISE EXCEPTION '{APPEND_ONLY}: {event}';"
    kept = "OLD" if event == "DELETE" else "NEW"
    return f"BEGIN IF {condition} THEN RETURN {kept}; END IF; {refuse} END" if condition else f"BEGIN {refuse} END"


def _postgres(name: str, when: str, table: str, body: str) -> list[str]:
    function = _FUNCTION.format(name)
    return [
        # With the search path of now: a session's own path must not lead it to other tables.
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT "
        f"AS $${body}$$",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {function}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}",  # also where a session plays a replica
    ]
