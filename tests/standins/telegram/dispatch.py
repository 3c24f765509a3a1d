"""One call of the Bot API from its arguments to its answer: token, faults, strictness, effect, log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from standins.telegram import faults
from standins.telegram.allowed import ALLOWED, CALLED
from standins.telegram.arguments import Arguments
from standins.telegram.methods import HANDLERS
from standins.telegram.methods.receiving import begin_poll
from standins.telegram.refusals import NOT_FOUND, UNAUTHORIZED, Refusal, bad_request, too_many
from standins.telegram.ticker import Ticker
from standins.telegram.updates import Poll

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld

_MISHAPS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


class Cut(Exception):
    """The connection is to be cut instead of answered."""


class Broken(Exception):
    """The answer is to be something that is not JSON."""


@dataclass(frozen=True)
class Caller:
    """Who asks: the token in the path, and whether the connection is closed already."""

    token: str
    is_gone: Callable[[], bool]


async def call(world: TelegramWorld, ticker: Ticker, caller: Caller, method: str, arguments: Arguments) -> Any:
    """The result. Raises Refusal, Cut or Broken; every outcome is in the log of calls."""
    name = CALLED.get(method.lower(), method)
    status, description = 500, "an error of the stand-in"
    try:
        check_token(world, caller.token)
        if name not in ALLOWED:
            raise NOT_FOUND
        result = await _with_faults(world, ticker, caller, name, arguments)
        status, description = 200, ""
        return result
    except Refusal as refusal:
        status, description = refusal.code, refusal.description
        raise
    except (Cut, Broken, asyncio.CancelledError) as cut:
        status, description = 0, type(cut).__name__
        raise
    finally:
        with world.changing():
            world.log_call(name, arguments.shown(), status, description)


def check_token(world: TelegramWorld, token: str) -> None:
    """A token of the wrong form does not even match the address."""
    number, colon, secret = token.partition(":")
    if not (colon and number.isdigit() and secret):
        raise NOT_FOUND
    if token != world.token or world.is_token_revoked:
        raise UNAUTHORIZED


async def _with_faults(world: TelegramWorld, ticker: Ticker, caller: Caller, name: str, arguments: Arguments) -> Any:
    await _wait_for_holds(world, name, arguments)
    fault = _planned(world, name, arguments)
    if isinstance(fault, faults.TooMany) and fault.is_meant:
        with world.changing():
            world.throttle.penalise(int(arguments.text("chat_id")), fault.retry_after)
    await _before(fault)
    result = await _perform(world, ticker, caller, name, arguments)
    if isinstance(fault, faults.DropAfter):
        raise Cut
    if isinstance(fault, faults.ServerErrorAfter):
        raise Refusal(fault.code, _MISHAPS.get(fault.code, "Internal Server Error"))
    return result


async def _wait_for_holds(world: TelegramWorld, name: str, arguments: Arguments) -> None:
    loop = asyncio.get_running_loop()
    with world.lock:
        holds = [hold for hold in world.holds if hold.method == name and hold.when(arguments.shown())]
    for hold in holds:
        released = asyncio.Event()
        if hold.arrive(partial(_set, loop, released)):
            await released.wait()


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)


def _planned(world: TelegramWorld, name: str, arguments: Arguments) -> faults.Fault | None:
    with world.lock:
        for plan in world.plans:
            if plan.method == name and plan.met < plan.times and plan.when(arguments.shown()):
                if plan.after > 0:
                    plan.after -= 1
                    continue
                plan.met += 1
                return plan.fault
    return None


async def _before(fault: faults.Fault | None) -> None:
    match fault:
        case faults.TooMany(retry_after):
            raise too_many(retry_after)
        case faults.ServerError(code):
            raise Refusal(code, _MISHAPS.get(code, "Internal Server Error"))
        case faults.Refuse(code, description, parameters):
            raise Refusal(code, description, parameters)
        case faults.Garbage():
            raise Broken
        case faults.DropBefore():
            raise Cut
        case faults.Slow(seconds):
            await asyncio.sleep(seconds)


async def _perform(world: TelegramWorld, ticker: Ticker, caller: Caller, name: str, arguments: Arguments) -> Any:
    if unknown := arguments.names() - ALLOWED[name]:
        raise bad_request(f"unknown parameter {min(unknown)}")
    if name == "getUpdates":
        return await _get_updates(world, ticker, caller, arguments)
    with world.changing():
        return HANDLERS[name](world, arguments)


async def _get_updates(world: TelegramWorld, ticker: Ticker, caller: Caller, arguments: Arguments) -> Any:
    """A long poll: answered at once when there is something, else when something comes or the time is up."""
    poll = Poll(caller.is_gone)
    with world.changing():
        offset, limit, timeout = begin_poll(world, arguments, poll)
    try:
        deadline = ticker.time() + timeout
        while True:
            ticked = ticker.next()
            with world.lock:
                world.updates.check(poll)
                if caller.is_gone():
                    raise Cut
                found = world.updates.fetch(offset, limit)
            if found or ticker.time() >= deadline:
                return found
            await ticker.wait(ticked, deadline)
    finally:
        with world.lock:
            world.updates.end(poll)
