"""The upper side of TLS: a transport of asyncio's, as a Link knows one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .tls_layer import TlsLayer


class TlsTransport(asyncio.Transport):
    """What a Link writes to."""

    inner: asyncio.Transport
    """What the layer itself writes to."""

    def __init__(self, layer: TlsLayer) -> None:
        super().__init__()
        self._layer = layer

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self._layer.write(list_of_data)

    def write(self, data: Any) -> None:
        self._layer.write((data,))

    def is_closing(self) -> bool:
        layer = self._layer
        return layer.over or not layer.secured or self.inner.is_closing()

    def close(self) -> None:
        self._layer.close()

    def abort(self) -> None:
        self._layer.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.inner.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self.inner.pause_reading()

    def resume_reading(self) -> None:
        self.inner.resume_reading()

    def get_write_buffer_size(self) -> int:
        return self.inner.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.inner.set_write_buffer_limits(high, low)

    def can_write_eof(self) -> bool:
        return False
