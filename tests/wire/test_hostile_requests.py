"""Requests that somebody else might make to a server on this machine: each is refused, and the server still answers."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests.wire.serving import Answer, Served, read, serving

WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hostile")
    with serving(folder, folder, module="tests.wire.notes", EXOSUIT_STATE=str(folder / "state")) as server:
        yield server


@pytest.fixture(autouse=True)
def still_answers(served: Served) -> Iterator[None]:
    yield
    assert served.get("/api/note.list").status == 200


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.headers["content-type"], answer.json["code"]) == (
        status,
        "application/problem+json",
        code,
    )
    assert answer.json["message"]
    assert answer.json["hint"]
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}.evil.example",
        "localhost.evil.example:{port}",
        "127.0.0.2:{port}",
        "0.0.0.0:{port}",
        "user@127.0.0.1:{port}",
        "LOCALHOST:{port}",
        "127.0.0.1:{port},evil.example",
        "",
    ],
)
def test_a_host_that_is_not_ours_is_refused_even_with_the_token(served: Served, host: str) -> None:
    name = host.format(port=served.port)
    refused(served.say("GET /api/note.list HTTP/1.1", {"Host": name, **served.bearer}), 421, "wrong-host")


def test_a_name_rebound_to_the_loopback_is_refused_on_every_kind_of_route(served: Served) -> None:
    rebound = {"Host": f"rebound.example:{served.port}", "Cookie": served.cookie()}
    for path in (
        "/",
        f"/?token={served.token}",
        "/api/note.list",
        "/api/openapi.json",
        "/mcp",
        "/assets/x.js",
        "/change/1",
    ):
        refused(served.say(f"GET {path} HTTP/1.1", rebound), 421, "wrong-host")
    refused(served.say("GET /api/events HTTP/1.1", rebound | WEBSOCKET), 421, "wrong-host")


def test_a_request_without_a_host_is_refused(served: Served) -> None:
    refused(served.say("GET /api/note.list HTTP/1.0", served.bearer), 421, "wrong-host")
    assert served.say("GET /api/note.list HTTP/1.1", served.bearer).status == 400


def test_two_hosts_or_two_keys_are_refused(served: Served) -> None:
    twice = [("Host", served.host), ("Host", "evil.example"), *served.bearer.items()]
    assert served.say("GET /api/note.list HTTP/1.1", twice).status == 400
    keys = [("Host", served.host), *served.bearer.items(), ("Authorization", "Bearer x")]
    refused(served.say("GET /api/note.list HTTP/1.1", keys), 400, "bad-header")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_our_own_names_are_answered(served: Served, name: str) -> None:
    host = f"{name}:{served.port}"
    for headers in ({}, {"Origin": f"http://{host}"}, {"Sec-Fetch-Site": "same-origin"}):
        assert served.get("/api/note.list", {"Host": host, **served.bearer, **headers}).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "http://localhost:{port}",
        "http://127.0.0.1:{port}.evil.example",
        "http://127.0.0.1:{port}/",
        "file://",
        "",
    ],
)
def test_another_origin_is_refused_on_every_route_whatever_key_it_has(served: Served, origin: str) -> None:
    sent = {"Host": served.host, "Origin": origin.format(port=served.port)}
    for key in ({"Cookie": served.cookie()}, served.bearer):
        for path in ("/", "/api/note.list", "/mcp"):
            refused(served.say(f"GET {path} HTTP/1.1", sent | key), 403, "wrong-origin")
        refused(served.say("GET /api/events HTTP/1.1", sent | key | WEBSOCKET), 403, "wrong-origin")
        refused(served.post("note.write", {"subject": "x"}, sent | key), 403, "wrong-origin")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_a_request_that_another_site_led_to_is_refused(served: Served, site: str) -> None:
    sent = {"Host": served.host, "Sec-Fetch-Site": site, "Cookie": served.cookie()}
    refused(served.say("GET /change/1 HTTP/1.1", sent), 403, "wrong-origin")


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic {token}"},
        {"Authorization": "Bearer {token}x"},
        {"Authorization": "{token}"},
        {"Cookie": "exosuit-{port}={token}"},
        {"Cookie": "exosuit-{port}="},
        {"Cookie": "exosuit-1={cookie}"},
        {"Cookie": "\xff=;;;exosuit-{port}"},
        {"X-Token": "{token}"},
    ],
)
def test_no_key_or_a_wrong_one_is_refused_on_every_route(served: Served, key: dict[str, str]) -> None:
    value = served.cookie().partition("=")[2]
    given = {name: text.format(token=served.token, port=served.port, cookie=value) for name, text in key.items()}
    for path in (
        "/",
        "/index.html",
        "/api/note.list",
        "/api/openapi.json",
        "/api/none",
        "/mcp",
        "/assets/a.js",
        "/nope",
    ):
        refused(served.say(f"GET {path} HTTP/1.1", {"Host": served.host} | given), 401, "no-key")
    refused(served.say("GET /api/events HTTP/1.1", {"Host": served.host} | given | WEBSOCKET), 401, "no-key")


def test_a_token_in_the_query_opens_pages_only(served: Served) -> None:
    for path in ("/api/note.list", "/api/openapi.json", "/mcp", "/assets/a.js"):
        refused(served.get(f"{path}?token={served.token}", {}), 401, "no-key")
    refused(served.get("/?token=wrong", {}), 401, "no-key")
    refused(served.get(f"/?token={served.token}&token=wrong", {}), 401, "no-key")
    refused(
        served.say(f"POST /?token={served.token} HTTP/1.1", {"Host": served.host, "Content-Length": "0"}), 401, "no-key"
    )


def test_the_printed_address_gives_a_cookie_and_leads_to_itself_without_the_token(served: Served) -> None:
    answer = served.get(f"/change/a%20b?first=1&token={served.token}", {})
    assert (answer.status, answer.headers["location"]) == (303, "/change/a%20b?first=1")
    cookie, _, rules = answer.headers["set-cookie"].partition("; ")
    assert rules == "Path=/; HttpOnly; SameSite=Strict"
    assert cookie.startswith(f"exosuit-{served.port}=")
    assert served.token not in cookie
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert served.get("/change/1", {"Cookie": cookie}).status == 200
    assert served.get("/api/note.list", {"Cookie": cookie}).status == 200


def test_a_redirect_never_leaves_this_server(served: Served) -> None:
    for path in ("//evil.example/", "/%2fevil.example/", "/\\evil.example/", "/%5cevil.example/"):
        refused(served.get(f"{path}?token={served.token}", {}), 400, "bad-path")


def test_a_page_with_our_cookie_must_say_its_origin_to_change_anything(served: Served) -> None:
    body = b'{"subject": "x"}'
    sent = {"Host": served.host, "Cookie": served.cookie(), "Content-Type": "application/json"}
    sent |= {"Content-Length": str(len(body))}
    refused(served.say("POST /api/note.write HTTP/1.1", sent, body), 403, "wrong-origin")
    own = sent | {"Origin": f"http://{served.host}"}
    assert served.say("POST /api/note.write HTTP/1.1", own, body).status == 200


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", ""],
)
def test_a_form_that_any_site_could_post_is_refused(served: Served, kind: str) -> None:
    refused(served.post("note.write", {"subject": "x"}, {"Content-Type": kind}), 415, "bad-type")


def test_a_preflight_is_refused_and_never_allows_anything(served: Served) -> None:
    ask = {
        "Host": served.host,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    refused(
        served.say("OPTIONS /api/note.write HTTP/1.1", ask | {"Origin": "http://evil.example"}), 403, "wrong-origin"
    )
    answer = served.say("OPTIONS /api/note.write HTTP/1.1", ask | {"Origin": f"http://{served.host}"})
    refused(answer, 405, "bad-method")
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", "GETX"])
def test_methods_that_are_not_served_are_refused(served: Served, method: str) -> None:
    answer = served.say(f"{method} /api/note.list HTTP/1.1", {"Host": served.host, **served.bearer})
    refused(answer, 405, "bad-method")


def test_a_get_cannot_change_anything(served: Served) -> None:
    refused(served.get("/api/note.write?subject=x"), 405, "bad-method")
    overridden = {"X-HTTP-Method-Override": "POST", **served.bearer}
    refused(served.get("/api/note.write?subject=x&_method=POST", overridden), 405, "bad-method")
    assert served.say("DELETE /api/note.list HTTP/1.1", {"Host": served.host, **served.bearer}).status in (404, 405)


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/assets/../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/%252e%252e/%252e%252e/etc/passwd",
        "/assets/..%255c..%255cetc",
        "/assets/..\\..\\etc\\passwd",
        "/assets/%5c..%5c..%5cetc",
        "/assets/app.js%00.png",
        "/assets/./app.js",
        "/change/..",
        "//etc/passwd",
        "/etc//passwd",
        "/assets/%c0%ae%c0%ae/etc/passwd",
        "http://evil.example/etc/passwd",
        "file:///etc/passwd",
    ],
)
def test_a_path_cannot_climb_out(served: Served, path: str) -> None:
    answer = served.get(path)
    assert answer.status in (400, 404)
    assert answer.json["code"] in ("bad-path", "no-such-page")
    assert b"root:" not in answer.body


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/faces/server.py", "/static.py", "/.git/config", "/assets/", "/index.html/x"]
)
def test_what_is_not_in_the_bundle_is_not_there(served: Served, path: str) -> None:
    refused(served.get(path), 404, "no-such-page")


def test_headers_cannot_be_injected(served: Served) -> None:
    answer = served.get(f"/change/x%0d%0aSet-Cookie:%20evil=1?token={served.token}", {})
    refused(answer, 400, "bad-path")
    answer = served.get(f"/change/x?next=%0d%0aSet-Cookie:%20evil=1&token={served.token}", {})
    assert answer.status == 303
    assert "%0D%0A" in answer.headers["location"]
    assert "evil" not in answer.headers["set-cookie"]
    assert served.say(
        "GET /api/note.list HTTP/1.1", {"Host": served.host, "X": "a\r\n b: c", **served.bearer}
    ).status in (200, 400)
    assert (
        served.say("GET /api/note.list HTTP/1.1", {"Host": served.host, "Bad Name": "x", **served.bearer}).status == 400
    )


def test_a_request_cannot_be_smuggled_behind_another(served: Served) -> None:
    both = {"Host": served.host, "Content-Length": "4", "Transfer-Encoding": "chunked", **served.bearer}
    body = b"0\r\n\r\nGET /api/note.list HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    answer = served.say("POST /api/note.list HTTP/1.1", both | {"Content-Type": "application/json"}, body)
    assert answer.status == 400
    lengths = [("Host", served.host), ("Content-Length", "2"), ("Content-Length", "3"), *served.bearer.items()]
    assert served.say("POST /api/note.list HTTP/1.1", lengths, b"{}").status == 400


@pytest.mark.parametrize("length", ["-1", "1e9", "0x10", "\uff11", "99999999999999999999999999"])
def test_a_length_that_is_no_length_is_refused(served: Served, length: str) -> None:
    encoded = length.encode().decode("latin-1")
    sent = {"Host": served.host, "Content-Type": "application/json", "Content-Length": encoded, **served.bearer}
    assert served.say("POST /api/note.list HTTP/1.1", sent, b"{}").status in (400, 413)


def test_a_body_that_is_declared_too_large_is_refused_before_it_is_read(served: Served) -> None:
    sent = {"Host": served.host, "Content-Type": "application/json", "Content-Length": str(1 << 40), **served.bearer}
    began = time.monotonic()
    refused(served.say("POST /api/note.write HTTP/1.1", sent, b"{"), 413, "too-large")
    assert time.monotonic() - began < 5


def test_a_chunked_body_that_grows_too_large_is_refused(served: Served) -> None:
    head = {"Host": served.host, "Content-Type": "application/json", "Transfer-Encoding": "chunked", **served.bearer}
    lines = ["POST /api/note.write HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with served.connect() as link:
        link.sendall("\r\n".join(lines).encode())
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(400):
                link.sendall(chunk)
        refused(read(link), 413, "too-large")


def test_a_body_of_the_largest_size_is_taken(served: Served) -> None:
    words = "x" * (16 * 1024 * 1024 - 100)
    assert served.post("note.write", {"subject": "large", "words": [words]}).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"subject":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"subject": "x", "words": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"{",
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe{}",
        b'{"subject": NaN}',
        b'{"subject": Infinity}',
        b'{"subject": "\\ud800"}',
        b'{"times": 1e400}',
        b'{"subject": "x", "times": ' + b"9" * 10_000 + b"}",
    ],
)
def test_json_that_is_broken_or_a_bomb_is_refused(served: Served, body: bytes) -> None:
    answer = served.post("note.write", body)
    assert answer.status in (400, 422)
    assert answer.json["code"] in ("bad-json", "bad-input")
    assert len(answer.body) < 4000


def test_fields_that_nobody_knows_are_refused(served: Served) -> None:
    refused(served.post("note.write", {"subject": "x", "extra": 1}), 422, "bad-input")
    refused(served.get("/api/note.list?extra=1"), 422, "bad-input")
    many = "&".join(f"a{i}=1" for i in range(1000))
    refused(served.get(f"/api/note.list?{many}"), 400, "bad-query")
    refused(served.get("/api/note.list?subject=a&subject=b"), 400, "bad-query")
    refused(served.get("/api/note.list?subject=%ff"), 400, "bad-query")


@pytest.mark.parametrize("key", ["cookie", "bearer"])
def test_a_websocket_from_elsewhere_or_without_a_key_is_refused(served: Served, key: str) -> None:
    mine = {"Cookie": served.cookie()} if key == "cookie" else served.bearer
    sent = {"Host": served.host} | WEBSOCKET
    refused(served.say("GET /api/events HTTP/1.1", sent), 401, "no-key")
    elsewhere = {"Origin": "http://evil.example"}
    refused(served.say("GET /api/events HTTP/1.1", sent | mine | elsewhere), 403, "wrong-origin")
    refused(served.say("GET /api/events HTTP/1.1", sent | mine | {"Host": "evil.example"}), 421, "wrong-host")
    answer = served.say("GET /api/events HTTP/1.1", sent | mine | {"Origin": f"http://{served.host}"})
    assert answer.status == 101


def test_a_websocket_with_our_cookie_must_say_its_origin(served: Served) -> None:
    sent = {"Host": served.host, "Cookie": served.cookie()} | WEBSOCKET
    refused(served.say("GET /api/events HTTP/1.1", sent), 403, "wrong-origin")


def test_a_websocket_whose_handshake_cannot_be_read_is_refused_at_once(served: Served) -> None:
    sent = {"Host": served.host, "Cookie": "\x7f", **served.bearer} | WEBSOCKET
    assert served.say("GET /api/events HTTP/1.1", sent).status == 400


def test_a_websocket_anywhere_else_is_refused(served: Served) -> None:
    own = {"Host": served.host, "Origin": f"http://{served.host}", **served.bearer} | WEBSOCKET
    for path in ("/", "/api/note.list", "/mcp", "/nope"):
        assert served.say(f"GET {path} HTTP/1.1", own).status in (400, 403, 404, 405, 406)


def test_heads_that_are_too_large_or_no_http_are_refused(served: Served) -> None:
    for path, extra in (("/" + "a" * 2_000_000, {}), ("/api/note.list", {"X": "a" * 2_000_000})):
        with suppress(ConnectionResetError):  # the answer may be lost to a client that goes on sending
            assert served.get(path, served.bearer | extra).status == 400
    assert served.say("\x16\x03\x01\x02\x00\x01\x00", {}).status == 400


def test_the_token_is_in_no_log_and_in_no_answer(served: Served) -> None:
    cookie = served.cookie()
    probes: list[Callable[[], Answer]] = [
        lambda: served.get("/", {"Cookie": cookie}),
        lambda: served.get("/api/openapi.json"),
        lambda: served.get("/api/note.fail?how=defect"),
        lambda: served.get(f"/nope?token={served.token}", {}),
        lambda: served.get(
            "/api/note.list", {"Authorization": f"Bearer {served.token}", "Origin": "http://evil.example"}
        ),
    ]
    for probe in probes:
        answer = probe()
        assert served.token.encode() not in answer.body
        assert not [value for value in answer.headers.values() if served.token in value]
        assert answer.headers["referrer-policy"] == "no-referrer"
    log = served.errors.read_text()
    assert "note.fail failed" in log
    assert served.token not in log
    assert cookie.partition("=")[2] not in log
    assert "\x1b" not in log


def test_pages_come_with_a_strict_policy_and_a_fresh_nonce(served: Served) -> None:
    pages = [served.get("/", {"Cookie": served.cookie()}) for _ in range(2)]
    policies = [page.headers["content-security-policy"] for page in pages]
    assert policies[0] != policies[1]
    for policy in policies:
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert re.search(r"style-src 'self' 'nonce-[\w-]{22}'", policy)


def test_every_answer_carries_the_headers_that_harden_it(served: Served) -> None:
    for answer in (served.get("/"), served.get("/api/note.list"), served.get("/nope"), served.get("/", {})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_it_listens_on_the_loopback_only(served: Served) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        other.settimeout(2)
        assert other.connect_ex(("127.0.0.2", served.port)) != 0
