"""Files of the pages that take a large one: each stays in memory, up to its limit, and never reaches the disk."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopFutureHandlers
from django.urls import reverse

from sharing.audit import exchange
from sharing.federation import uploaded


def largest(path: str) -> int | None:
    """How many bytes the page at `path` takes; None where it takes no large file."""
    return {
        reverse("setup:exchange_log"): exchange.LARGEST, reverse("it:upload_export"): uploaded.LARGEST
    }.get(path)  # fmt: skip


class ExchangeFile(FileUploadHandler):
    """Stands before Django's own handlers, and leaves every other form to them.

    A larger file is read to its end and thrown away; `request.is_too_large` then says so. Nobody unknown gets memory.
    """

    request: Any

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.largest = largest(self.request.path)
        if self.largest is None:
            return
        if not self.request.user.is_authenticated:
            raise SkipFile
        self.content, self.size = BytesIO(), 0
        raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.largest is None:
            return raw_data
        self.size += len(raw_data)
        if self.size > self.largest:
            self.content.close()
            self.request.is_too_large = True
            raise SkipFile
        self.content.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        if self.largest is None:
            return None
        self.content.seek(0)
        return InMemoryUploadedFile(
            self.content, self.field_name, self.file_name or "", self.content_type or "", file_size, self.charset
        )
