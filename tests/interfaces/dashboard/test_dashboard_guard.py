"""Only pages that the dashboard served itself may talk to it."""

import pytest

from market.interfaces.dashboard.guard import Guard, is_local

OURS = (b"host", b"127.0.0.1:8765")


async def app(scope, receive, send):
    """Answers everything."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})


def answer(kind, headers, host="127.0.0.1"):
    """Return the first message sent back to a request."""
    sent = []

    async def receive():
        return {"type": f"{kind}.connect"}

    async def send(message):
        sent.append(message)

    answering = Guard(app, host, 8765)({"type": kind, "headers": headers}, receive, send)
    with pytest.raises(StopIteration):
        answering.send(None)  # it waits for nothing, so that it needs no event loop
    return sent[0]


def test_our_own_page_is_served_and_may_open_a_websocket():
    assert answer("http", [OURS])["status"] == 200
    assert answer("http", [(b"host", b"localhost:8765")])["status"] == 200
    assert answer("http", [(b"host", b"[::1]:8765")])["status"] == 200
    assert answer("websocket", [OURS, (b"origin", b"http://127.0.0.1:8765")])["type"] == "websocket.accept"


@pytest.mark.parametrize(
    "origin",
    [
        b"http://evil.example", b"http://127.0.0.1:9999", b"https://127.0.0.1:8765", b"null", b"",
        b"http://127.0.0.1:8765.evil.example", b"http://localhost:8765",
    ],
)  # fmt: skip
def test_a_foreign_page_gets_no_websocket(origin):
    refused = answer("websocket", [OURS, (b"origin", origin)])
    assert (refused["type"], refused["code"]) == ("websocket.close", 1008)


def test_a_websocket_that_does_not_tell_its_origin_is_refused():
    assert answer("websocket", [OURS])["type"] == "websocket.close"


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example", b"evil.example:8765", b"127.0.0.1:9999", b"127.0.0.1",
        b"localhost.evil.example:8765", b"192.0.2.7:8765",
        b"a@127.0.0.1:8765", b"127.0.0.1:8765/x", b"[::1:8765", b"127.0.0.1:x", b"",
    ],
)  # fmt: skip
def test_a_request_to_another_host_is_refused(host):
    assert answer("http", [(b"host", host)])["status"] == 403
    same = (b"origin", b"http://" + host)
    assert answer("websocket", [(b"host", host), same])["type"] == "websocket.close"


def test_requests_with_no_host_or_two_are_refused():
    assert answer("http", [])["status"] == 403
    assert answer("http", [OURS, (b"host", b"evil.example")])["status"] == 403


def test_a_form_of_a_foreign_page_is_refused():
    assert answer("http", [OURS, (b"origin", b"http://evil.example")])["status"] == 403


def test_an_open_dashboard_takes_addresses_but_no_unknown_name():
    assert answer("http", [(b"host", b"192.0.2.7:8765")], host="0.0.0.0")["status"] == 200
    assert answer("http", [(b"host", b"evil.example:8765")], host="0.0.0.0")["status"] == 403
    foreign = [(b"host", b"192.0.2.7:8765"), (b"origin", b"http://evil.example")]
    assert answer("websocket", foreign, host="0.0.0.0")["type"] == "websocket.close"


def test_the_policy_forbids_fetching_from_other_hosts():
    headers = dict(answer("http", [OURS])["headers"])
    policy = headers[b"content-security-policy"].decode()
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http:" not in policy
    assert "*" not in policy


def test_what_is_local():
    assert [is_local(host) for host in ("127.0.0.1", "::1", "localhost", "127.8.0.1")] == [True] * 4
    assert [is_local(host) for host in ("0.0.0.0", "::", "192.0.2.7", "example.org")] == [False] * 4
