"""One writer for three formats: the same rows come back, and no cell runs."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharing import exports
from sharing.exports import files

COLUMNS = ("name", "is_open", "roles", "at", "nothing")
ROW = {
    "name": "Megan Bowen", "is_open": True, "roles": ["read", "write"], "at": datetime(2026, 11, 21, 10, tzinfo=UTC),
    "nothing": None,
}  # fmt: skip


def written(rows, form, columns=COLUMNS):
    out = io.BytesIO()
    count = exports.write(rows, columns=columns, form=form, out=out)
    return count, out.getvalue()


def cells(book):
    """The texts of an XLSX file, row by row; a formula would show as an `f` element."""
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(book)) as file:
        sheet = ElementTree.fromstring(file.read("xl/worksheets/sheet1.xml"))  # noqa: S314  our own file
    assert not list(sheet.iter(f"{name}f"))
    return [
        ["".join(text.text or "" for text in cell.iter(f"{name}t")) for cell in row.iter(f"{name}c")]
        for row in sheet.iter(f"{name}row")
    ]


def test_csv_has_a_head_and_plain_values():
    count, text = written([ROW], "csv")
    assert count == 1
    assert list(csv.reader(io.StringIO(text.decode("utf-8-sig")))) == [
        list(COLUMNS), ["Megan Bowen", "true", "read write", "2026-11-21T10:00:00+00:00", ""],
    ]  # fmt: skip


def test_json_keeps_types_and_order():
    count, text = written([ROW, ROW], "json")
    assert count == 2
    first, _ = json.loads(text)
    assert list(first.items()) == [
        ("name", "Megan Bowen"), ("is_open", True), ("roles", ["read", "write"]),
        ("at", "2026-11-21T10:00:00+00:00"), ("nothing", None),
    ]  # fmt: skip


def test_xlsx_holds_texts_only():
    count, book = written([ROW], "xlsx")
    assert count == 1
    assert cells(book) == [list(COLUMNS), ["Megan Bowen", "true", "read write", "2026-11-21T10:00:00+00:00"]]


@pytest.mark.parametrize("form", exports.FORMATS)
def test_no_rows_make_a_valid_file(form):
    count, text = written([], form)
    assert count == 0
    if form == "json":
        assert json.loads(text) == []
    elif form == "csv":
        assert len(list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))) == 1
    else:
        assert cells(text) == [list(COLUMNS)]


NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "  =1+1", "\u00a0=1"]


@pytest.mark.parametrize("name", NASTY)
def test_what_a_spreadsheet_would_run_is_text_in_csv(name):
    _, text = written([{"name": name}], "csv", ("name",))
    _, (cell,) = csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""))
    assert cell == f"'{name}"


@pytest.mark.parametrize("name", [*NASTY, "http://evil.example/", "0123", "a\x00b\x0b", "<b>&\"'"])
def test_what_a_spreadsheet_would_run_is_text_in_xlsx(name):
    _, book = written([{"name": name}], "xlsx", ("name",))
    assert len(cells(book)) == 2


@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_text_comes_back_from_csv_as_it_was_or_behind_an_apostrophe(names):
    _, text = written([{"name": name} for name in names], "csv", ("name",))
    _, *found = csv.reader(io.StringIO(text.decode("utf-8-sig", "surrogatepass"), newline=""))
    for name, (cell,) in zip(names, found, strict=True):
        assert cell in (name, f"'{name}")
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_sheet_that_is_full_says_so(monkeypatch):
    monkeypatch.setattr(files, "MOST_ROWS", 3)
    assert written([ROW] * 2, "xlsx")[0] == 2
    with pytest.raises(exports.TooManyRows):
        written([ROW] * 3, "xlsx")


def test_a_long_text_is_cut_to_what_a_cell_holds():
    _, book = written([{"name": "x" * 40_000}], "xlsx", ("name",))
    assert len(cells(book)[1][0]) == 32_767


def test_csv_comes_in_pieces():
    pieces = list(exports.csv_lines(({"name": "x" * 1000} for _ in range(200)), ("name",)))
    assert len(pieces) > 2
    assert "".join(pieces).count("\r\n") == 201
