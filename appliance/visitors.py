"""Who comes by HTTP, and what their browser may do with a page of ours: the same at every door."""

from quart import request

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action {forms}; frame-ancestors 'none'"
)
#: Of a page, unless it says otherwise itself.
PAGE_HEADERS = {
    "Content-Security-Policy": _POLICY.format(forms="'none'"),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
#: What a page that holds a form says otherwise. Only it may send one, and only to us; a browser tells its origin with
#: it as long as the page's policy lets it tell us where it comes from (``Origin`` would be ``null`` otherwise).
FORM_HEADERS = {"Content-Security-Policy": _POLICY.format(forms="'self'"), "Referrer-Policy": "same-origin"}


def network() -> str:
    """Where the request that is being answered comes from: what wrong attempts are counted by (``core.throttle``)."""
    client = request.scope.get("client")
    return client[0] if client else "local"
