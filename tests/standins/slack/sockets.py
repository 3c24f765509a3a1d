"""Socket Mode: the app's own connections, over which payloads go and acknowledgements come back."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMessage, WSMsgType, web

from .delivery import Attempt, Delivery
from .registry import Json, Refused

if TYPE_CHECKING:
    from .world import SlackWorld

MOST_CONNECTIONS = 10
LOST = object()


@dataclass(eq=False)
class Connection:
    socket: web.WebSocketResponse
    transport: asyncio.Transport
    is_hole: bool = False
    """It neither answers nor sends, and looks open from the other side."""
    is_answered: bool = False
    """A ping of the other side was answered: slack_sdk misses nothing that it never had."""
    is_leaving: bool = False
    """It gets no more payloads: it was told to go."""
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    async def say(self, message: Json) -> None:
        if not self.is_hole:
            await self.socket.send_str(json.dumps(message))


@dataclass(frozen=True)
class Socket:
    """Deliveries over Socket Mode."""

    async def carry(self, world: SlackWorld, delivery: Delivery, number: int, reason: str | None) -> Attempt:
        return await world.sockets.carry(delivery, number, reason)


class Sockets:
    def __init__(self, world: SlackWorld) -> None:
        self._world = world
        self._tickets: set[str] = set()
        self._turn = 0
        self._arrived = asyncio.Event()
        self._issued: dict[str, asyncio.Future[Any]] = {}
        """Every envelope ever sent: a late acknowledgement, or one on a newer connection, is no mistake."""
        self.connections: list[Connection] = []
        self.is_refusing = False

    def ticket(self) -> str:
        """A new address to connect to, good once."""
        if self.is_refusing:
            raise Refused("internal_error")
        if not self._world.app.socket_mode:
            raise Refused("socket_mode_not_enabled")
        ticket = str(uuid.uuid4())
        self._tickets.add(ticket)
        return f"ws://{self._world.address}/link/?ticket={ticket}&app_id={self._world.app.id}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401, text="invalid ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False, autoclose=True)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)  # type: ignore[arg-type]
        if len(self.connections) >= MOST_CONNECTIONS:
            await self._turn_away(connection, "too_many_websockets")
            return socket
        await self._greet(connection)
        try:
            async for message in socket:
                await self._hear(connection, message)
        finally:
            self._leave(connection)
        return socket

    async def _greet(self, connection: Connection) -> None:
        about = {"host": "applink-0", "build_number": 1, "approximate_connection_time": 18060}
        told = {"type": "hello", "num_connections": len(self.connections) + 1, "debug_info": about}
        await connection.say({**told, "connection_info": {"app_id": self._world.app.id}})
        with self._world.moving():
            self.connections.append(connection)
        self._arrived.set()

    def _leave(self, connection: Connection) -> None:
        with self._world.moving():
            self.connections.remove(connection)
        for waiting in connection.waiting.values():
            if not waiting.done():
                waiting.set_result(LOST)

    async def _hear(self, connection: Connection, message: WSMessage) -> None:
        if connection.is_hole:
            return
        if message.type == WSMsgType.PING:
            await connection.socket.pong(message.data)
            if not connection.is_answered:
                with self._world.moving():
                    connection.is_answered = True
        elif message.type == WSMsgType.TEXT:
            self._acknowledge(message.data)
        elif message.type != WSMsgType.PONG:
            self._world.complain(f"a frame of type {message.type.name} on the socket")

    def _acknowledge(self, text: str) -> None:
        try:
            said = json.loads(text)
            envelope = said["envelope_id"]
        except (ValueError, KeyError, TypeError):
            return self._world.complain("a message on the socket that is no acknowledgement")
        waiting = self._issued.get(envelope)
        if waiting is None:
            return self._world.complain(f"an acknowledgement of nothing: {envelope}")
        if not waiting.done():
            waiting.set_result(said.get("payload"))

    async def carry(self, delivery: Delivery, number: int, reason: str | None) -> Attempt:
        """One try. An event waits for a connection as long as it takes, a person's action as long as she would."""
        began = self._world.clock.now()
        connection = await self._pick(None if delivery.kind == "events_api" else self._world.times.ack)
        if connection is None:
            return Attempt(number, began, None, "connection_failed")
        message: Json = {
            "envelope_id": str(uuid.uuid4()),
            "payload": delivery.payload,
            "type": delivery.kind,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            message |= {"retry_attempt": number, "retry_reason": reason or ""}
        answer = await self._ask(connection, message)
        spent = self._world.clock.now() - began
        if answer is LOST:
            return Attempt(number, began, None, "timeout", seconds=spent)
        if delivery.kind == "events_api" and answer:
            self._world.complain("a payload with the acknowledgement of an event")
        return Attempt(number, began, 200, None, answer or None, spent)

    async def _ask(self, connection: Connection, message: Json) -> Any:
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        connection.waiting[message["envelope_id"]] = self._issued[message["envelope_id"]] = waiting
        patience = asyncio.ensure_future(self._world.clock.sleep(self._world.times.ack))
        try:
            await connection.say(message)
            await asyncio.wait({waiting, patience}, return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() else LOST
        except ConnectionError:
            return LOST
        finally:
            patience.cancel()
            connection.waiting.pop(message["envelope_id"], None)
            await asyncio.gather(patience, return_exceptions=True)

    async def _pick(self, patience: float | None) -> Connection | None:
        """The next connection in turn; waits for one."""
        while not (usable := [one for one in self.connections if not one.is_leaving]):
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), patience)
            except TimeoutError:
                return None
        self._turn += 1
        return usable[self._turn % len(usable)]

    async def _turn_away(self, connection: Connection, reason: str) -> None:
        connection.is_leaving = True
        try:
            await connection.say({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-0"}})
            await connection.socket.close()
        except ConnectionError:
            pass

    async def _refresh(self, warning: bool) -> None:
        leaving = list(self.connections)
        if warning:
            told = {"type": "disconnect", "reason": "warning", "debug_info": {"host": "applink-0"}}
            for connection in leaving:
                await connection.say(told)
            await self._world.clock.sleep(self._world.times.warning)
        await asyncio.gather(*(self._turn_away(one, "refresh_requested") for one in leaving if one in self.connections))

    # For tests, from any thread.

    def refresh(self, warning: bool = False) -> None:
        """Slack wants every connection renewed; with ``warning``, it says so ``times.warning`` before."""
        self._world.in_loop(self._refresh(warning), waits=not warning)

    def abort(self) -> None:
        """Cut every connection, without a word."""
        self._world.in_loop(self._abort())

    async def _abort(self) -> None:
        for connection in list(self.connections):
            connection.transport.abort()

    def black_hole(self) -> None:
        """The connections of this moment stay open and are dead: no pong, no envelope, no ear."""
        for connection in self.connections:
            connection.is_hole = True

    def refuse(self) -> None:
        """``apps.connections.open`` fails from now on."""
        self.is_refusing = True

    def accept(self) -> None:
        self.is_refusing = False

    def wait_connected(self, count: int = 1, timeout: float = 60) -> None:
        self._world.wait_for(lambda: len(self.connections) >= count, timeout, lambda: "no connection came")
