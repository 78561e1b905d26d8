"""Metrics: bounded labels, right counts."""

from quart import Response

from appliance.api.exchange import App
from appliance.api.metrics import Metrics, blueprint


def site() -> App:
    app = App(Metrics())
    app.register_blueprint(blueprint(app.metrics))

    @app.get("/tracks/<id>")
    async def track(id: str) -> Response:  # noqa: A002 - a path's own word
        return Response(id)

    @app.get("/sound")
    async def sound() -> Response:
        return Response(b"sound", content_type="audio/flac")

    return app


async def test_requests_count_under_their_route_and_never_under_their_path() -> None:
    app = site()
    client = app.test_client()
    for number in range(5):
        await client.get(f"/tracks/{number}")
    await client.get("/nowhere/at/all")
    text = await (await client.get("/metrics")).get_data(as_text=True)
    assert 'tonearm_http_requests_total{method="GET",route="/tracks/<id>",status="200"} 5.0' in text
    assert 'tonearm_http_requests_total{method="GET",route="unknown",status="404"} 1.0' in text
    assert "nowhere" not in text
    assert 'tonearm_http_request_seconds_count{route="/tracks/<id>"} 5.0' in text


async def test_a_made_up_method_adds_no_label() -> None:
    app = site()
    for number in range(3):
        await app.test_client().open("/sound", method=f"BREW{number}", json=None)
    sample = app.metrics.registry.get_sample_value(
        "tonearm_http_requests_total", {"method": "other", "route": "unknown", "status": "405"}
    )
    assert sample == 3


async def test_what_is_under_way_returns_to_nothing() -> None:
    app = site()
    await app.test_client().get("/sound")
    for name in ("tonearm_streams", "tonearm_http_requests_in_flight"):
        assert app.metrics.registry.get_sample_value(name) == 0
    assert app.metrics.registry.get_sample_value("tonearm_http_sent_bytes_total") == 5


async def test_a_gauge_is_read_when_it_is_asked_for() -> None:
    app = site()
    values = iter([1.0, 2.0])
    app.metrics.gauge("tonearm_workers_busy", "Workers.", lambda: next(values))
    for expected in (1, 2):
        response = await app.test_client().get("/metrics")
        assert response.content_type.startswith("text/plain")
        assert f"tonearm_workers_busy {expected}.0" in await response.get_data(as_text=True)


async def test_the_process_is_measured() -> None:
    text = await (await site().test_client().get("/metrics")).get_data(as_text=True)
    assert "process_resident_memory_bytes" in text
