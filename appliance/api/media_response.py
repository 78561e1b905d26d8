"""Media as HTTP, for every API: sound that is opened while it is sent, and pictures.

A media response must be opened to know its status, and what was opened must be closed at the end of its body, or as
soon as the client is gone, in the task that opened it. Quart makes a response in one place and sends it in another,
and between the two it may be cancelled: whatever was opened in the first place would then never be closed. So a
handler returns a ``MediaResponse``, which is only a promise, and ``MediaConnection``, the application's
``asgi_http_class``, opens it around the sending: one ``async with``, one task.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import TracebackType

from hypercorn.typing import ASGISendCallable
from quart import Request, Response
from quart.typing import ResponseTypes
from quart.wrappers.response import ResponseBody
from quart_trio.asgi import TrioASGIHTTPConnection
from werkzeug.datastructures import Headers

from appliance.core.errors import TonearmError
from appliance.core.playback import Plan
from appliance.core.ports import Conditions, Cover, Media, MediaReply

#: Says, in the words of the API that was called, why there is no sound.
Refuse = Callable[[TonearmError], Response]


class MediaResponse(Response):
    """A response that becomes what it is in ``opened``; until then it is an error, lest it be sent as it stands."""

    def __init__(self, opening: AbstractAsyncContextManager[MediaReply], refuse: Refuse) -> None:
        """``opening``: what ``Media.open`` gives, not entered yet."""
        super().__init__(b"This application does not open media responses.", 500, content_type="text/plain")
        # Quart cuts a response off after a minute otherwise.
        self.timeout = None
        self._opening = opening
        self._refuse = refuse

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Take on the status, headers and body of the media, or of the refusal; the block's end frees the media."""
        async with AsyncExitStack() as stack:
            try:
                reply = await stack.enter_async_context(self._opening)
            except TonearmError as error:
                refusal = self._refuse(error)
                self._become(refusal.status_code, refusal.headers, refusal.response)
            else:
                self._become(reply.status, Headers(list(reply.headers)), _Body(reply.body))
            yield

    def _become(self, status: int, headers: Headers, body: ResponseBody) -> None:
        """Headers that the application put on every response stay."""
        self.status_code = status
        del self.headers["Content-Type"], self.headers["Content-Length"]
        self.headers.extend(headers)
        self.response = body


class MediaConnection(TrioASGIHTTPConnection):
    """The connection class of an application that has media responses."""

    async def _send_response(self, send: ASGISendCallable, response: ResponseTypes) -> None:
        if not isinstance(response, MediaResponse):
            await super()._send_response(send, response)
            return
        async with response.opened():
            await super()._send_response(send, response)


class _Body(ResponseBody):
    """Chunks as they come. Closes nothing: the media does, when its own block ends."""

    def __init__(self, chunks: AsyncIterator[bytes] | None) -> None:
        self._chunks = chunks

    async def __aenter__(self) -> AsyncIterable[bytes]:
        return _nothing() if self._chunks is None else self._chunks

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        pass


def media_response(
    media: Media, plan: Plan, request: Request, refuse: Refuse, *, attachment: bool = False
) -> MediaResponse:
    """The sound of ``plan`` on the request's conditions. ``attachment``: as a download, under the file's name.

    ``refuse`` is called outside the request's context, when the media cannot be opened.
    """
    conditions = Conditions(
        head=request.method == "HEAD",
        range=request.headers.get("Range"),
        if_range=request.headers.get("If-Range"),
        if_none_match=request.headers.get("If-None-Match"),
        if_modified_since=request.headers.get("If-Modified-Since"),
    )
    return MediaResponse(media.open(plan, conditions, attachment=attachment), refuse)


def cover_response(cover: Cover, request: Request, *, keep_seconds: int = 0) -> Response:
    """The picture, or 304 for a client that has it.

    ``keep_seconds``: for how long a client may keep it without asking; 0 where another picture may come under the
    same address at any time.
    """
    known = request.if_none_match.contains_raw(cover.etag)
    response = Response(b"" if known else cover.data, 304 if known else 200, content_type=cover.media_type)
    response.headers["ETag"] = cover.etag
    response.headers["Cache-Control"] = f"private, max-age={keep_seconds}" if keep_seconds else "private, no-cache"
    # A picture that a stranger made is a picture, whatever a browser thinks that it sees in it.
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    return response


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
