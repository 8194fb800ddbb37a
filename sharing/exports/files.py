"""Writes rows as CSV, XLSX or JSON; what a spreadsheet would run as a formula stays text."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO

import xlsxwriter

FORMATS = ("csv", "json", "xlsx")
LONGEST_CELL = 32_767  # characters that Excel keeps
MOST_ROWS = 1_048_576  # rows of a sheet, its head among them
# A cell that begins so is a formula, a command or a link to some spreadsheet, full-width forms too.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Row = Mapping[str, Any]


class TooManyRows(Exception):
    """A sheet holds no more than MOST_ROWS rows; CSV and JSON have no limit."""


def write(rows: Iterable[Row], *, columns: Sequence[str], form: str, out: BinaryIO) -> int:
    """Write `rows` to `out`, one by one, and return their number. `form` is one of FORMATS. Raises TooManyRows (XLSX).

    Values are text, numbers, booleans, datetimes (written in UTC, ISO 8601), lists of text, or None (an empty cell).
    """
    return {"csv": _write_csv, "json": _write_json, "xlsx": _write_xlsx}[form](rows, columns, out)


def csv_lines(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[str]:
    """The lines of a CSV file, head first, for a response that streams. UTF-8 with a mark, as Excel wants it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([as_cell(row[column]) for column in columns])
        if buffer.tell() > 65_536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def as_cell(value: Any) -> str:
    """A value as the text of a CSV cell, with an apostrophe in front where a spreadsheet would run it."""
    text = _text(value)
    return f"'{text}" if text.lstrip(" \u00a0\u200b\ufeff").startswith(_RUNS) else text


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return " ".join(map(str, value))
    return str(value)


def _write_csv(rows: Iterable[Row], columns: Sequence[str], out: BinaryIO) -> int:
    counted = _Counted(rows)
    for lines in csv_lines(counted, columns):
        out.write(lines.encode())
    return counted.count


def _write_json(rows: Iterable[Row], columns: Sequence[str], out: BinaryIO) -> int:
    count = 0
    out.write(b"[")
    for row in rows:
        said = {column: _json(row[column]) for column in columns}
        out.write((",\n " if count else "\n ").encode() + json.dumps(said, ensure_ascii=False).encode())
        count += 1
    out.write(b"\n]\n" if count else b"]\n")
    return count


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _write_xlsx(rows: Iterable[Row], columns: Sequence[str], out: BinaryIO) -> int:
    # Strings stay strings: no cell is taken for a formula, a link or a number.
    never = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, {"constant_memory": True, **never}) as book:
        sheet = book.add_worksheet("Access")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, columns)
        number = 0
        for number, row in enumerate(rows, start=1):
            if number >= MOST_ROWS:
                raise TooManyRows
            for place, column in enumerate(columns):
                value = row[column]
                if value is not None:
                    sheet.write_string(number, place, _text(value)[:LONGEST_CELL])
    return number


class _Counted:
    """Rows, and how many went by."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Row]:
        for row in self.rows:
            self.count += 1
            yield row
