"""``/setup``: the form that whoever comes first fills in, and the card to photograph that it ends with."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

import trio
from quart import Blueprint, Response, request

from appliance.core.errors import Conflict, FieldFault, NotUsable, TooManyAttempts, Unavailable
from appliance.core.ports import Store
from appliance.core.setup import Offer, Outcome, Setup
from appliance.visitors import FORM_HEADERS, network
from appliance.web.rendering import elsewhere, is_loopback, rendered
from appliance.web.setup_words import Typed, qr_code, zones

_PATH = "/setup"
_FORM_TYPE = "application/x-www-form-urlencoded"


def newness(store: Store, setup: Setup) -> Callable[[], Awaitable[bool]]:
    """Whether Tonearm has to be set up; no, as far as the page goes, while the database does not answer."""

    async def is_new() -> bool:
        if setup.is_over:
            return False
        try:
            async with store.begin() as work:
                return await setup.is_open(work)
        except Unavailable:
            return False

    return is_new


def setup_pages(store: Store, setup: Setup) -> Blueprint:
    """The page, which is there until set-up is over."""
    desk = Blueprint("setup", __name__)

    @desk.get(_PATH)
    async def ask() -> Response:
        offer = await _offer(store, setup)
        if offer is None:
            return elsewhere("/")
        return _form(offer, Typed.of_offer(offer))

    @desk.post(_PATH)
    async def finish() -> Response:
        offer = await _offer(store, setup)
        if offer is None:
            return _over()
        typed = Typed.of_form(await request.form if request.mimetype == _FORM_TYPE else {})
        return await _finish(store, setup, offer, typed)

    @desk.errorhandler(Conflict)
    async def refuse(_: Conflict) -> Response:
        return _over()

    @desk.errorhandler(Unavailable)
    async def apologise(error: Unavailable) -> Response:
        return rendered("told.html", 503, title="Not just now", words=[str(error), "Nothing is lost. Try again soon."])

    return desk


async def _offer(store: Store, setup: Setup) -> Offer | None:
    if setup.is_over:
        return None
    async with store.begin() as work:
        return await setup.offer(work)


async def _finish(store: Store, setup: Setup, offer: Offer, typed: Typed) -> Response:
    """The card; or the form again, with what is wrong with it."""
    try:
        # To its end, also when whoever sent it has gone meanwhile: their phone may sleep.
        with trio.CancelScope(shield=True):
            async with store.begin() as work:
                outcome = await setup.finish(work, typed.answers(), network())
    except NotUsable as error:
        return _form(offer, typed, error.faults, status=422)
    except TooManyAttempts as error:
        answer = _form(offer, typed, [FieldFault("code", str(error), "later")], status=429)
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    return _card(outcome)


def _form(offer: Offer, typed: Typed, faults: Sequence[FieldFault] = (), status: int = 200) -> Response:
    page = rendered(
        "setup.html",
        status,
        offer=offer,
        typed=typed,
        faults=faults,
        wrong={fault.field: fault.words for fault in faults},
        zones={} if offer.machine is None else zones(offer.machine.time_zones, typed.time_zone),
    )
    page.headers.update(FORM_HEADERS)
    return page


def _over() -> Response:
    words = [
        "Tonearm has an administrator by now.",
        "If that was you, a moment ago: all is well. Sign in from your app with the name and password that you chose.",
        "If it was not you, somebody else in your network was quicker. Nothing of what you typed was kept.",
    ]
    return rendered("told.html", 409, title="Set up already", words=words)


def _card(outcome: Outcome) -> Response:
    opened = request.host_url.rstrip("/")
    addresses = outcome.addresses(opened)
    gave_up_its_name = outcome.host_name != outcome.former_host_name and opened not in addresses
    return rendered(
        "setup_done.html",
        201,
        outcome=outcome,
        addresses=addresses,
        code=qr_code(addresses[0]),
        home=f"{addresses[0]}/" if gave_up_its_name else "/",
        only_here=is_loopback(request.host),
        port=urlsplit(opened).port,
    )
