"""Sharing without a browser: versions of links, files, pictures, embedding, oEmbed, pages that unfold."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

import engine
from engine.lens import AT, OF
from engine.trace import Tensor
from pages.kit import planes, scene, share_dialog
from pages.kit import state as states
from pages.kit.declare import Grid
from pages.kit.download import FORMULA, TENSOR, TooLarge, file_name, npz, plain, safe, table
from pages.kit.drawing import svg
from pages.kit.embed import RESERVED, Embed, read_embed, snippet
from pages.kit.labs import labs
from pages.kit.link import defaults, handed_out, link_values, read_link, state_of
from pages.kit.qr import qr_svg
from pages.kit.state import State
from pages.kit.versions import NAME, VERSION, migrated, renamed, versioned, was
from server.oembed import MOST_SIDE
from server.routes import routes
from server.unfold import Unfold
from tests.test_pages import lab_script

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = json.loads((ROOT / "tests/golden/links.json").read_text(encoding="utf-8"))
FIELD = "receptive-field"
HOSTILE = '"><script>alert(1)</script>'


def page(_: Request) -> Response:
    body = f"<html><head><title>Streamlit</title></head><body>{'x' * 900}</body></html>"
    return HTMLResponse(body, headers={"ETag": '"theirs"', "Last-Modified": "yesterday"})


@pytest.fixture(scope="module")
def client() -> TestClient:
    """The routes, and Streamlit's page as it answers for every path, behind the middleware."""
    others = [Route("/odd", lambda _: PlainTextResponse("odd")), Route("/{path:path}", page)]
    app = Starlette(routes=[*routes(), *others])
    return TestClient(Unfold(app), headers={"X-Tensorscope-Client": "share"})  # type: ignore[arg-type]


class TestVersions:
    def test_what_is_handed_out_says_its_version_and_is_read(self) -> None:
        listed = labs()[FIELD]
        assert handed_out(listed, defaults(listed)) == f"v={VERSION}"
        values, dropped = read_link(listed, {"v": "1", "kernel": "3"})
        assert (values["kernel"], dropped) == ((3, 3), [])

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("7", "is of version 7"),
            ("0", "no version"),
            ("x" * 99, "no version"),
            ("", "no version"),
            ("1.0", "no version"),
            ("²", "no version"),
        ],
    )
    def test_another_version_is_named_and_the_rest_is_read(self, text: str, says: str) -> None:
        values, dropped = read_link(labs()[FIELD], {"v": text, "kernel": "3"})
        assert values["kernel"] == (3, 3)
        assert len(dropped) == 1
        assert says in dropped[0]
        assert len(dropped[0]) < 140

    def test_older_links_go_through_every_change_up_to_today(self) -> None:
        changes = {
            2: {"a": was(size="8"), "b": renamed(size="width")},
            3: {"a": renamed(size="side"), "b": lambda query: {**query, "mode": "plain"}},
        }
        assert migrated("a", {"kernel": "3"}, 3, changes) == ({"side": "8", "kernel": "3"}, "")
        assert migrated("a", {"v": "1", "size": "5"}, 3, changes) == ({"side": "5"}, "")
        assert migrated("a", {"v": "2"}, 3, changes) == ({}, "")
        assert migrated("b", {"size": "4"}, 3, changes) == ({"width": "4", "mode": "plain"}, "")
        assert migrated("c", {"size": "4"}, 3, changes) == ({"size": "4"}, "")
        assert migrated("a", versioned({"side": "1"}), VERSION)[0] == {"side": "1"}

    def test_no_technique_has_a_parameter_of_a_reserved_name(self) -> None:
        taken = {NAME, OF, AT, TENSOR}
        for listed in labs().values():
            names = {p.name for p in listed.technique.parameters}
            assert not names & taken
            assert not [name for name in names if name.startswith((RESERVED, "#"))]

    def test_every_lab_has_a_link_that_opens_the_same_for_ever(self) -> None:
        missing = labs().keys() - GOLDEN.keys()
        assert not missing, (
            f"write a link and what it opens into tests/golden/links.json for {sorted(missing)}"
        )

    @pytest.mark.parametrize("slug", list(GOLDEN))
    def test_a_golden_link_opens_its_state(self, slug: str) -> None:
        """A change here is a change of what people have sent each other: pages/kit/versions.py has room for it."""
        listed, known = labs()[slug], GOLDEN[slug]
        values, dropped = read_link(listed, dict(parse_qsl(known["link"], keep_blank_values=True)))
        texts = {p.name: p.text(values[p.name]) for p in listed.technique.parameters}
        assert dropped == []
        assert {name: texts[name] for name in known["opens"]} == known["opens"]

    @pytest.mark.usefixtures("warm_engine")
    def test_golden_links_compute_the_same_shapes(self) -> None:
        for slug in list(GOLDEN)[::6]:  # the contract of test_labs.py runs the others
            known = GOLDEN[slug]
            if "shapes" in known:
                trace = engine.run(labs()[slug].lab.technique, **known["opens"])
                assert {name: list(trace[name].shape) for name in known["shapes"]} == known["shapes"], slug


class Address(dict[str, str]):
    def from_dict(self, query: dict[str, str]) -> None:
        self.clear()
        self.update(query)


def opened(monkeypatch: pytest.MonkeyPatch, slug: str, address: Address, embedded: bool = True) -> State:
    streamlit = SimpleNamespace(
        query_params=address, session_state={}, context=SimpleNamespace(is_embedded=embedded)
    )
    monkeypatch.setattr(states, "st", streamlit)
    return states.open_state(labs()[slug])


class TestEmbedding:
    def test_options_are_read_and_written(self) -> None:
        listed = labs()[FIELD]
        found = read_embed(
            listed, {"embed_hide": "kernel,nonsense", "embed_lock": "stride,kernel", "embed_tabs": "off"}
        )
        assert found == Embed(frozenset({"kernel"}), frozenset({"stride"}), False)
        assert read_embed(listed, found.options(listed)) == found
        assert read_embed(listed, {"embed_hide": HOSTILE}) == Embed()

    def test_nothing_changes_what_an_embedded_page_keeps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        address = Address({"embed_hide": "kernel", "embed_lock": "stride", "kernel": "3", "v": "1"})
        state = opened(monkeypatch, FIELD, address)
        state.commit({"kernel": "5", "stride": "2", "filters": "2"})
        assert (state.values["kernel"], state.values["stride"], state.values["filters"]) == (
            (3, 3),
            (1, 1),
            2,
        )
        state.reset({"stride": 2, "size": 9})
        assert (state.values["kernel"], state.values["stride"], state.values["size"]) == (
            (3, 3),
            (1, 1),
            (9, 9),
        )
        states.write_link(state)
        assert address == {
            "embed_hide": "kernel",
            "embed_lock": "stride",
            "v": "1",
            "kernel": "3",
            "size": "9",
        }
        state.undo()
        assert state.values["kernel"] == (3, 3)
        assert not state.suits({"stride": 2})

    def test_the_whole_page_keeps_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        state = opened(monkeypatch, FIELD, Address({"embed_lock": "stride"}), embedded=False)
        state.commit({"stride": "2"})
        assert state.values["stride"] == (2, 2)

    def test_the_address_keeps_a_version_it_came_with_and_loses_one_of_tomorrow(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for came, stays in (({"v": "1"}, {"v": "1"}), ({}, {}), ({"v": "9"}, {}), ({"v": "x"}, {})):
            address = Address({**came, "stride": "2"})
            state = opened(monkeypatch, FIELD, address)
            states.write_link(state)
            assert address == {**stays, "stride": "2"}
            assert bool(state.dropped) == (came != stays)

    def test_the_snippet_escapes(self) -> None:
        text = snippet(f"http://x/{HOSTILE}", HOSTILE, 700, listens=True)
        assert text.count("<script>") == 1
        assert 'height="700"' in text


class TestFiles:
    def test_every_tensor_travels_under_its_name_without_pickle(self) -> None:
        tensors = {
            "file": Tensor(np.arange(6, dtype="float16").reshape(2, 3), ("a", "b")),
            "one number": Tensor(np.float64(np.nan), ()),
            "gradient of x": Tensor(np.zeros((0, 2), "int64"), ("a", "b")),
            "words": Tensor(np.array(["=1", "é"], object), ("a",)),
        }
        trace: Any = SimpleNamespace(tensors=tensors)
        with np.load(io.BytesIO(npz(trace)), allow_pickle=False) as loaded:
            assert set(loaded) == set(tensors)
            for name in ("file", "one number", "gradient of x"):
                np.testing.assert_array_equal(loaded[name], tensors[name].values)
                assert loaded[name].dtype == tensors[name].values.dtype
            assert list(loaded["words"]) == ["=1", "é"]
        assert npz(trace) == npz(trace)
        assert plain(np.array([1 + 2j])).dtype == "complex128"

    def test_a_table_has_a_row_for_each_cell_in_its_place(self) -> None:
        tensor = Tensor(np.array([[0.1, -2], [np.nan, np.inf]], "float32"), ("=row", "column"), origin=(3, 0))
        rows = list(csv.reader(io.StringIO(table(tensor))))
        assert rows[0] == ["'=row", "column", "value"]
        assert rows[1:] == [["3", "0", "0.1"], ["3", "1", "-2.0"], ["4", "0", "nan"], ["4", "1", "inf"]]

    def test_text_is_never_a_formula(self) -> None:
        assert all(safe(f"{sign}cmd").startswith("'") for sign in FORMULA)
        words = Tensor(np.array(["=HYPERLINK(1)"]), ("a",))
        assert "'=HYPERLINK" in table(words)

    def test_what_is_too_large_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("pages.kit.download.MOST_ROWS", 3)
        monkeypatch.setattr("pages.kit.download.MOST_BYTES", 3)
        tensor = Tensor(np.zeros(4), ("a",))
        with pytest.raises(TooLarge, match=r"take the \.npz"):
            table(tensor)
        with pytest.raises(TooLarge, match="smaller"):
            npz(SimpleNamespace(tensors={"a": tensor}))  # type: ignore[arg-type]

    def test_names_of_files_are_plain(self) -> None:
        assert file_name('a"\r\nX: 1', "../é", "") == "a-X-1-x-x"


class TestPictures:
    def test_the_colours_are_those_of_the_stage(self) -> None:
        light = (ROOT / "assets/colours.js").read_text(encoding="utf-8").split("const DARK")[0]
        for name in ("POSITIVE", "NEGATIVE", "SEQUENTIAL", "MASK"):
            found = re.search(rf"{name.lower()}: \[(.*)\]", light)
            assert found
            assert tuple(json.loads(f"[{found[1]}]")) == getattr(planes, name)
        assert planes.ODD in light

    def test_odd_values_and_crossed_cells_are_seen(self) -> None:
        tensors = {
            "x": Tensor(np.array([[[1, np.nan], [-1, 0]]], "float32"), ("batch", "height", "width")),
            "kept": Tensor(np.array([1, 0]), ("width",)),
        }
        shown = planes.plane(SimpleNamespace(tensors=tensors), Grid("x", crossed="kept"))  # type: ignore[arg-type]
        assert tuple(shown.colours[0, 1]) == planes.rgb(planes.ODD)
        assert tuple(shown.colours[0, 0]) == planes.rgb(planes.POSITIVE[-1])
        assert tuple(shown.colours[1, 0]) == planes.rgb(planes.NEGATIVE[-1])
        assert shown.crossed.tolist() == [[False, True], [False, True]]
        turned = planes.plane(SimpleNamespace(tensors=tensors), Grid("x", rows="width", columns="height"))  # type: ignore[arg-type]
        np.testing.assert_array_equal(turned.values, shown.values.T)

    def test_text_from_outside_is_escaped(self) -> None:
        drawn = svg([scene.Words(0, 0, f"\0{HOSTILE}", 12)], 9, 9, HOSTILE)
        assert "<script" not in drawn
        assert "\0" not in drawn

    def test_a_code_is_black_on_white_with_a_border_and_says_when_it_is_too_long(self) -> None:
        drawn = qr_svg("http://127.0.0.1:8501/receptive-field?v=1") or ""
        assert '<rect width="37" height="37" fill="#fff"/>' in drawn  # 29 modules and 4 on each side
        assert "M4 4h7v1h-7z" in drawn  # the finder pattern's upper edge
        assert qr_svg("x" * 3_000) is None


class Head(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "meta":
            self.meta[said.get("property", said.get("name", ""))] = said.get("content", "")
        if tag == "link":
            self.links[said.get("type", "")] = said.get("href", "")


class TestUnfolding:
    def test_a_lab_says_what_it_is_in_the_state_of_the_link(self, client: TestClient) -> None:
        answer = client.get(f"/{FIELD}?kernel=3&nonsense={quote(HOSTILE)}&embed=true")
        head, lab = Head(answer.text), labs()[FIELD].lab
        assert head.meta["og:title"] == lab.title
        assert head.meta["og:description"] == lab.question
        assert head.meta["og:url"] == f"http://testserver/{FIELD}?v=1&kernel=3"
        assert head.meta["og:image"] == f"http://testserver/api/labs/{FIELD}/picture.png?v=1&kernel=3"
        assert head.meta["twitter:card"] == "summary_large_image"
        assert f"<title>{lab.title} · Tensorscope</title>" in answer.text
        found = client.get(head.links["application/json+oembed"]).json()
        assert found["title"] == lab.title

    def test_the_gallery_too_and_other_pages_are_untouched(self, client: TestClient) -> None:
        assert Head(client.get("/").text).meta["og:title"] == "Tensorscope"
        for path in ("/nothing", "/a/b", f"/{FIELD}/", f"/x/{FIELD}", "/scoreboard"):
            answer = client.get(path)
            assert "og:title" not in answer.text
            assert answer.headers["etag"] == '"theirs"'
        assert client.get("/odd").text == "odd"

    @pytest.mark.parametrize(
        "host", ['evil"><script>', "a b", "x@y", "", "a/b", "a..b", "[::1", "x" * 300, "a:99999999", "-a"]
    )
    def test_a_host_that_is_none_is_not_repeated(self, client: TestClient, host: str) -> None:
        answer = client.get(f"/{FIELD}", headers={"Host": host})
        assert "og:" not in answer.text
        assert (
            client.get(
                "/oembed", params={"url": f"http://{host}/{FIELD}"}, headers={"Host": host}
            ).status_code
            == 400
        )

    def test_words_people_typed_stay_words(self, client: TestClient) -> None:
        answer = client.get("/multi-head-attention", params={"sentences": f"{HOSTILE} mat"})
        assert Head(answer.text).tags.count("script") == 0

    def test_length_tag_and_gzip_are_right(self, client: TestClient) -> None:
        with client.stream("GET", f"/{FIELD}", headers={"Accept-Encoding": "identity"}) as answer:
            plain_body = b"".join(answer.iter_raw())
            assert int(answer.headers["content-length"]) == len(plain_body)
            assert "content-encoding" not in answer.headers
        with client.stream("GET", f"/{FIELD}", headers={"Accept-Encoding": "br, gzip"}) as answer:
            raw = b"".join(answer.iter_raw())
            assert answer.headers["content-encoding"] == "gzip"
            assert int(answer.headers["content-length"]) == len(raw) < len(plain_body)
            tag = answer.headers["etag"]
        again = client.get(f"/{FIELD}", headers={"If-None-Match": tag, "Accept-Encoding": "gzip"})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(f"/{FIELD}?kernel=3", headers={"If-None-Match": tag}).status_code == 200
        head = client.head(f"/{FIELD}", headers={"Accept-Encoding": "identity"})
        assert (head.content, int(head.headers["content-length"])) == (b"", len(plain_body))
        assert client.get(f"/{FIELD}", headers={"Range": "bytes=0-3"}).status_code == 200


class TestOembed:
    def ask(
        self, client: TestClient, address: str = f"http://testserver/{FIELD}?kernel=3", **more: str
    ) -> httpx.Response:
        return client.get("/oembed", params={"url": address, **more})

    def test_it_answers_with_the_lab_alone(self, client: TestClient) -> None:
        told = self.ask(client, f"http://testserver/{FIELD}?kernel=3&embed_hide=stride").json()
        assert (told["version"], told["type"], told["title"]) == ("1.0", "rich", labs()[FIELD].lab.title)
        frame = re.fullmatch(r'<iframe src="([^"]+)" [^<>]*></iframe>', told["html"], re.DOTALL)
        assert frame
        address = urlsplit(frame[1].replace("&amp;", "&"))
        said = {"embed": "true", "embed_hide": "stride", "v": "1", "kernel": "3"}
        assert (address.netloc, address.path, dict(parse_qsl(address.query))) == (
            "testserver",
            f"/{FIELD}",
            said,
        )
        assert told["thumbnail_url"] == f"http://testserver/api/labs/{FIELD}/picture.png?v=1&kernel=3"

    def test_it_keeps_within_the_room_there_is(self, client: TestClient) -> None:
        told = self.ask(client, maxwidth="500", maxheight="400").json()
        assert (told["width"], told["height"]) == (500, 400)
        assert 'width="500" height="400"' in told["html"]
        assert "thumbnail_url" not in told
        assert self.ask(client, maxwidth=str(MOST_SIDE * 9)).json()["width"] < MOST_SIDE

    @pytest.mark.parametrize(
        ("address", "more", "status"),
        [
            ("http://evil.example/receptive-field", {}, 404),
            ("http://testserver@evil.example/receptive-field", {}, 404),
            ("http://testserver.evil.example/receptive-field", {}, 404),
            ("javascript://testserver/receptive-field", {}, 404),
            ("http://testserver/nothing", {}, 404),
            ("http://[", {}, 404),
            ("", {}, 400),
            (f"http://testserver/{FIELD}", {"maxwidth": "0"}, 400),
            (f"http://testserver/{FIELD}", {"maxheight": "٣"}, 400),
            (f"http://testserver/{FIELD}", {"format": "xml"}, 501),
            (f"http://testserver/{FIELD}?x={'y' * 40_000}", {}, 414),
        ],
    )
    def test_what_it_cannot_answer_has_its_number(
        self, client: TestClient, address: str, more: dict[str, str], status: int
    ) -> None:
        assert self.ask(client, address, **more).status_code == status

    def test_hostile_queries_stay_outside(self, client: TestClient) -> None:
        told = self.ask(
            client, f"http://testserver/{FIELD}?{quote(HOSTILE)}=1&kernel={quote(HOSTILE)}"
        ).json()
        assert "script" not in told["html"]


@pytest.mark.usefixtures("warm_engine")
class TestRoutes:
    def test_files_hold_the_numbers_of_the_state(self, client: TestClient) -> None:
        trace = engine.run(FIELD, size=6, kernel=3)
        query = "v=1&size=6&kernel=3"
        answer = client.get(f"/api/labs/{FIELD}/data.npz?{query}")
        assert answer.headers["content-disposition"] == f'attachment; filename="{FIELD}.npz"'
        with np.load(io.BytesIO(answer.content)) as loaded:
            assert set(loaded) == set(trace.tensors)
            np.testing.assert_array_equal(loaded["y"], trace["y"])
        answer = client.get(f"/api/labs/{FIELD}/data.csv?{query}&tensor=y")
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert rows[0] == [*trace.tensors["y"].axes, "value"]
        assert len(rows) == trace["y"].size + 1
        np.testing.assert_array_equal(
            np.array([float(row[-1]) for row in rows[1:]], "float32"), trace["y"].ravel()
        )

    @pytest.mark.parametrize("name", ["", "/data.npz", "/data.csv", "/picture.svg", "/picture.png"])
    def test_they_refuse_as_the_json_route_does(self, client: TestClient, name: str) -> None:
        def ask(query: str, slug: str = FIELD) -> tuple[int, str]:
            answer = client.get(
                f"/api/labs/{slug}{name}?tensor=y&{query}"
                if "csv" in name
                else f"/api/labs/{slug}{name}?{query}"
            )
            return answer.status_code, answer.json()["error"]["message"]

        assert ask("v=1", "nothing")[0] == 404
        assert ask("kernel=abc")[0] == 400
        assert ask("nonsense=1")[0] == 400
        assert ask("size=256&kernel=32&filters=64")[0] == 413
        assert ask(f"x={'y' * 40_000}")[0] == 414
        status, says = ask("v=99")
        assert status == 400
        assert "expected a version from 1 to" in says

    def test_a_table_wants_a_tensor_of_the_lab(self, client: TestClient) -> None:
        for query in ("", "?tensor=nothing", f"?tensor={quote(HOSTILE)}"):
            answer = client.get(f"/api/labs/{FIELD}/data.csv{query}")
            assert answer.status_code == 400
            assert "expected one of x" in answer.json()["error"]["message"]

    def test_what_takes_long_is_neither_started_by_a_picture_nor_waited_for(self, client: TestClient) -> None:
        query = "v=1&seed=4711&filters=3"
        drawn = client.get(f"/api/labs/learned-filters/picture.svg?{query}")
        assert "computed when you open it" in drawn.text
        card = client.get(f"/api/labs/learned-filters/picture.png?{query}")
        assert card.headers["cache-control"] == "no-store"
        assert not engine.known("learned-filters", seed=4711, filters=3)

    def test_pictures_of_a_state(self, client: TestClient) -> None:
        small = client.get(f"/api/labs/{FIELD}/picture.svg").text
        assert 'viewBox="0 0 320 180"' in small
        whole = client.get(f"/api/labs/{FIELD}/picture.svg?size=6&kernel=3").text
        panels = labs()[FIELD].lab.panels(engine.run(FIELD, size=6, kernel=3))
        assert all((panel.title or panel.tensor) in whole for panel in panels if isinstance(panel, Grid))
        assert f"/{FIELD}?v=1&amp;size=6&amp;kernel=3" in whole
        answer = client.get(f"/api/labs/{FIELD}/picture.png?size=6&kernel=3")
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.size == (1200, 630)
            assert len(image.convert("RGB").getcolors(1_000_000) or []) > 30

    def test_every_lab_can_be_drawn_in_its_first_state(self) -> None:
        for slug, listed in labs().items():
            trace = engine.known(listed.lab.technique)
            if isinstance(trace, engine.Trace):  # computed by other tests of this process
                shapes, width, height = scene.whole(listed, trace, "http://x/")
                assert len(svg(shapes, width, height, slug)) < 3_000_000, slug

    def test_the_dialogue_shows_each_part(self) -> None:
        listed = labs()[FIELD]
        at = AppTest.from_function(lab_script, args=(FIELD,), default_timeout=60)
        at.query_params["size"] = "6"
        at.run()
        at.button(key=f"{FIELD}.share.open").click().run()
        assert not at.exception
        for part in ("Link", "QR code", "Embed", "Picture", "Data", "Code"):
            at.session_state[f"{FIELD}.share"] = part
            at.run()
            assert not at.exception, part
            codes = " ".join(block.value for block in at.code)
            assert {
                "Picture": "",
                "Embed": "embed_tabs=off",
                "Data": "data.npz?v=1&size=6",
                "Code": "def ",
            }.get(part, "v=1") in codes, part
        assert share_dialog._height(10) == share_dialog._height("x") == share_dialog._height(None)
        assert share_dialog._height(777.4) == 777
        assert link_values(listed, state_of(listed, {"size": 6})) == {"size": "6"}
