"""One writer for every CSV, XLSX and JSON, and the rows of the access export."""

from .files import FORMATS, TooManyRows, csv_lines, write
from .rows import ACCESS_COLUMNS, access_rows

__all__ = ["ACCESS_COLUMNS", "FORMATS", "TooManyRows", "access_rows", "csv_lines", "write"]
