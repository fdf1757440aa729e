"""Connections that come about when nobody wants them any more."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import Any, cast

from engine.runtime.connecting import _unless_over
from engine.runtime.sentences import listen_failed


def test_one_that_stands_in_the_turn_in_which_it_is_given_up_is_closed() -> None:
    made = socket.socket()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        stands = loop.create_future()
        association: Any = SimpleNamespace(context=SimpleNamespace(loop=loop), ended=asyncio.Event(), end=None)

        async def work() -> socket.socket:
            await stands
            return made

        attempt = loop.create_task(_unless_over(cast(Any, association), work(), 20.0))
        while not getattr(stands, "_callbacks", None):  # until it is waited for
            await asyncio.sleep(0)
        stands.set_result(None)
        await asyncio.sleep(0)
        attempt.cancel()
        await asyncio.wait({attempt})
        assert attempt.cancelled()

    asyncio.run(main())
    assert made.fileno() == -1


def test_a_name_nobody_knows_is_not_said_to_be_an_address_of_another_computer() -> None:
    told = listen_failed(socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "archive.invalid", 104)
    assert told == "Cannot listen on archive.invalid port 104: no address is found for this name."
