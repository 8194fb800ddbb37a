"""The figures as a table for people."""

from typing import Any

COLUMNS = {
    "runs": "runs", "killed": "killed", "stopped": "stopped", "lost": "lost", "duplicated": "doubled",
    "false_applied": "false", "mirror_wrong": "mirror", "unalarmed": "unalarmed", "audit_wrong": "audit",
    "not_as_planned": "unplanned", "seconds": "seconds",
}  # fmt: skip


def lines(results: dict[str, list[dict[str, Any]]]) -> list[str]:
    """One line for each part and database, then everything that must not be, by its run."""
    head = f"{'':24}" + "".join(f"{title:>10}" for title in COLUMNS.values())
    table, found = [head], []
    for label, parts in results.items():
        for part in parts:
            figures = "".join(f"{part.get(name, ''):>10}" for name in COLUMNS)
            table.append(f"{label + ', ' + part['part']:24}{figures}")
            for name, runs in part.get("found", {}).items():
                found += [f"{label}, {name.replace('_', ' ')}. {run}" for run in runs]
            if part.get("overwritten_in_the_instant"):
                found.append(f"{label}, {part['part']}: {part['overwritten_in_the_instant']} edits made in the instant"
                             " between look and write were overwritten, which Graph cannot prevent.")  # fmt: skip
            found += [f"{label}, {part['part']}, landed after the quiet period over an edit. {run}"
                      for run in part.get("too_late", [])]  # fmt: skip
    is_good = bool(results) and all(part["good"] for parts in results.values() for part in parts)
    return [*table, "", *found, "Nothing that must not be." if is_good else "NOT good."]
