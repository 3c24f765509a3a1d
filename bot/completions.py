"""Chat completions of an OpenAI-compatible endpoint: one question, one text, read with suspicion.

Imported only where a language model is set: its packages are an extra.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
from openai import AsyncOpenAI, BadRequestError

_PLAIN = {"temperature": 0}
"""What some models refuse: left away for good once one did."""


class Unreadable(Exception):
    """The response is not what the interface promises."""


class Completions:
    """A client for one model. All of its calls belong on one event loop."""

    def __init__(self, base_url: str, model: str, api_key: str | None, longest: int) -> None:
        self._model, self._has_key, self._longest = model, bool(api_key), longest
        self._options: dict[str, Any] = dict(_PLAIN)
        hooks: dict[str, Any] = {"request": [self._bare], "response": [self._limit]}
        self._client = AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            max_retries=0,
            http_client=httpx2.AsyncClient(event_hooks=hooks, follow_redirects=False, timeout=60.0),
            default_headers={"Accept-Encoding": "identity"},
        )

    async def ask(self, instructions: str, said: str) -> str:
        """What the model replies. Raises openai's errors, Unreadable, and whatever the connection does."""
        try:
            return await self._ask(instructions, said)
        except BadRequestError:
            if not self._options:
                raise
            self._options = {}
            return await self._ask(instructions, said)

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, instructions: str, said: str) -> str:
        messages = [{"role": "system", "content": instructions}, {"role": "user", "content": said}]
        asked = {"model": self._model, "messages": messages, **self._options}
        # As it came: a body that is no completion is for us to refuse, not for the client to make something of.
        response = await self._client.post("/chat/completions", body=asked, cast_to=httpx2.Response)
        return _content(response.content)

    async def _bare(self, request: httpx2.Request) -> None:
        """Leave out what the client says about this machine, and names that it found in its environment."""
        unasked = ("x-stainless", "openai-", *(() if self._has_key else ("authorization",)))
        for name in [name for name in request.headers if name.startswith(unasked)]:
            del request.headers[name]

    async def _limit(self, response: httpx2.Response) -> None:
        """Read no more of a response than could be an answer; a compressed one could hide any amount."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Unreadable
        response.stream = _Limited(response.stream, self._longest)


def _content(body: bytes) -> str:
    """The text of the one choice, if the model finished it. Raises Unreadable."""
    try:
        choice = json.loads(body)["choices"][0]
        content, ending = choice["message"]["content"], choice.get("finish_reason")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable from error
    if not isinstance(content, str) or not content.strip() or ending not in ("stop", None):
        raise Unreadable
    return content


class _Limited(httpx2.AsyncByteStream):
    """A stream of bytes that ends with an error once there are too many of them."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream, self._left = stream, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise Unreadable
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
