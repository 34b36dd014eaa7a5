"""The JSON route, pictures, health and limits of a real server."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

import engine
from pages.kit.labs import labs
from pages.kit.lens_payload import lens_payload
from pages.kit.payload import stage_payload
from server.limits import SOCKET_BURST, SOCKET_RATE, Bucket, Clients, Message, PacedSockets, Receive, Send
from tests.conftest import Server


@pytest.fixture
def client(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"X-Tensorscope-Client": "test"}, timeout=60)


def test_health_says_whether_the_engine_is_warm(client: httpx.Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["engine"] == "warm"


def settled(client: httpx.Client, path: str) -> httpx.Response:
    """The answer to who asks on: while TensorFlow loads, or something takes long, it is 503 or 202."""
    end = time.monotonic() + 180
    while (answer := client.get(path)).status_code in (202, 503) and time.monotonic() < end:
        time.sleep(0.2)
    return answer


def test_the_lens_has_a_route_of_its_own(client: httpx.Client, warm_engine: None) -> None:
    path = "/api/labs/convolution-arithmetic"
    answer = settled(client, f"{path}/lens?lens=y&lens_at=0,2,2,0&stride=1")
    assert answer.status_code == 200
    ours = lens_payload(
        labs()["convolution-arithmetic"], engine.lens("convolution-arithmetic", lens="y", lens_at="0,2,2,0")
    )
    told = answer.json()
    assert told["lens"] == json.loads(json.dumps(ours))["lens"]
    assert told["link"] == "lens=y&lens_at=0,2,2,0"
    assert told["tensors"]["gradient of x"]["data"] == ours["tensors"]["gradient of x"]["data"]
    assert client.get(f"{path}?lens=y&lens_at=0,2,2,0").json()["link"] == ""  # the lens is not its matter


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("lens=nonsense", "lens"),
        ("lens_at=99,0,0,0", "lens_at"),
        ("lens_at=%3Cb%3E", "lens_at"),
        ("kernel=x", "kernel"),
    ],
)
def test_the_lens_refuses_with_the_part_that_does_not_fit(
    client: httpx.Client, query: str, part: str
) -> None:
    answer = settled(client, f"/api/labs/convolution-arithmetic/lens?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["parameter"] == part


@pytest.mark.parametrize("slug", list(labs()))
def test_the_route_answers_what_the_page_draws(client: httpx.Client, slug: str, warm_engine: None) -> None:
    quick = labs()[slug].technique.quick
    answer = settled(client, f"/api/labs/{slug}?{urlencode(quick)}").json()
    ours = stage_payload(labs()[slug], engine.run(labs()[slug].lab.technique, **quick))
    answer["engine"].pop("milliseconds")
    ours["engine"].pop("milliseconds")
    assert answer == json.loads(json.dumps(ours))


def test_parameters_are_read_as_in_a_link(client: httpx.Client) -> None:
    answer = client.get("/api/labs/receptive-field", params={"size": "9", "kernel": "3x2"}).json()
    assert answer["tensors"]["w"]["shape"] == [3, 2, 3, 8]
    assert answer["link"] == "size=9&kernel=3x2"
    page = {"v": "1", "present": "1", "embed": "true", "embed_hide": "tabs"}
    assert client.get("/api/labs/receptive-field", params=page | {"size": "9"}).json()["link"] == "size=9"


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ({"kernel": "abc"}, 400, "received 'abc'"),
        ({"kernel": "9", "size": "4", "padding": "VALID"}, 400, "expected at most 4x4"),
        ({"nonsense": "1"}, 400, "unknown parameter"),
        ({"size": "256", "kernel": "32", "filters": "64"}, 413, "GFLOP"),
        ({"stack": "x" * 40_000}, 414, "characters"),
    ],
    ids=str,
)
def test_bad_requests_are_explained(
    client: httpx.Client, query: dict[str, str], status: int, says: str
) -> None:
    answer = client.get("/api/labs/receptive-field", params=query)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert says in error["message"]
    assert isinstance(error["remedy"], dict)


def test_an_unknown_lab_is_404(client: httpx.Client) -> None:
    answer = client.get("/api/labs/nothing")
    assert answer.status_code == 404
    assert "receptive-field" in answer.json()["error"]["message"]


def test_pictures_are_svg_without_script(client: httpx.Client) -> None:
    for slug in labs():
        answer = client.get(f"/api/labs/{slug}/picture.svg")
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_every_lab_is_listed(client: httpx.Client) -> None:
    assert {one["slug"] for one in client.get("/api/labs").json()} == set(labs())


def test_a_flood_from_one_client_is_slowed_and_others_are_not(server: Server) -> None:
    def ask(_: int) -> int:
        return flood.get("/api/labs/receptive-field", params={"size": "8"}).status_code

    with httpx.Client(base_url=server.url, headers={"X-Tensorscope-Client": "flood"}, timeout=60) as flood:
        with ThreadPoolExecutor(16) as pool:
            codes = list(pool.map(ask, range(600)))
        refused = flood.get("/api/labs/receptive-field")
    assert 429 in codes
    assert set(codes) <= {200, 429, 503}
    other = httpx.get(
        f"{server.url}/api/labs/receptive-field", headers={"X-Tensorscope-Client": "calm"}, timeout=60
    )
    assert other.status_code == 200
    assert refused.status_code == 200 or int(refused.headers["retry-after"]) >= 1


def test_a_bucket_refills() -> None:
    bucket = Bucket(rate=10, burst=2)
    assert [bucket.wait() == 0 for _ in range(3)] == [True, True, False]
    bucket.since -= 0.5
    assert bucket.wait() == 0


def test_clients_have_buckets_of_their_own() -> None:
    clients = Clients(rate=0.001, burst=1)
    assert clients.wait("a") == 0
    assert clients.wait("a") > 0
    assert clients.wait("b") == 0


def test_a_flooding_socket_waits_and_a_calm_one_does_not() -> None:
    read: list[float] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        for _ in range(SOCKET_BURST + 5):
            await receive()
            read.append(asyncio.get_running_loop().time())

    async def flood() -> Message:
        return {"type": "websocket.receive"}

    async def send(_: Message) -> None:
        raise AssertionError("nothing is sent")

    with ThreadPoolExecutor(1) as elsewhere:  # the browser's own loop may be running in this thread
        elsewhere.submit(asyncio.run, PacedSockets(app)({"type": "websocket"}, flood, send)).result()
    assert read[-1] - read[SOCKET_BURST] >= 3 / SOCKET_RATE


def test_a_cold_server_answers_health_and_then_warms(own_server: Callable[..., Server]) -> None:
    cold = own_server(warm=False)
    assert cold.health() is not None
    with httpx.Client(base_url=cold.url, timeout=60) as client:
        answer = settled(client, "/api/labs/receptive-field?size=6&kernel=3")
    assert answer.status_code == 200
    assert (cold.health() or {})["engine"] == "warm"


def test_what_takes_long_says_how_far_it_is(client: httpx.Client) -> None:
    path = "/api/labs/learned-filters?seed=81&filters=5"
    first = client.get(path)
    assert first.status_code == 202
    assert set(first.json()["progress"]) == {"text", "share", "left", "place"}
    assert first.headers["Retry-After"]
    done = settled(client, path)
    assert done.status_code == 200
    assert done.json()["values"]["seed"] == "81"


def test_the_gallery_does_not_start_what_takes_long(client: httpx.Client) -> None:
    drawn = client.get("/api/labs/learned-filters/picture.svg")
    assert drawn.status_code == 200
    assert drawn.text.startswith("<svg")


def test_budget_and_time_are_configurable(own_server: Callable[..., Server]) -> None:
    tight = own_server(TENSORSCOPE_GFLOP="0.001", TENSORSCOPE_TIME_LIMIT_S="0.05")
    answer = httpx.get(f"{tight.url}/api/labs/receptive-field", timeout=60)
    assert answer.status_code == 413
    assert "at most 0.00 GFLOP" in answer.json()["error"]["message"]


def test_the_log_has_one_line_a_request(own_server: Callable[..., Server]) -> None:
    logged = own_server()
    httpx.get(f"{logged.url}/api/labs/receptive-field?size=5", timeout=60)
    httpx.get(f"{logged.url}/api/labs/receptive-field?size=5", timeout=60)
    httpx.get(f"{logged.url}/api/labs/receptive-field?size=x", timeout=60)
    logged.stop()
    lines = Path(logged.log.name).read_text().splitlines()
    told = [line for line in lines if "tensorscope.engine receptive-field" in line]
    outcomes = [re.search(r" [0-9.]+ ms (\w+)", line) for line in told]
    words = [found[1] for found in outcomes if found]
    assert len(words) == len(told)
    assert (words.count("Rejected"), words.count("cached")) == (1, 1)
    assert words.count("computed") in (1, 2)  # the server computes the first state itself when warm
