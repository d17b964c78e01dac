"""`upperback serve --lan`: phones in the home network, over TLS, and nothing without asking."""

import asyncio
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from upperback.core.errors import InputError
from upperback.web import serve as serving

pytest.importorskip("segno")
ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 90


@contextmanager
def running(data: Path, *more: str) -> Iterator[list[str]]:
    """`upperback serve`, and what it said until its link."""
    words = ["--port", "0", "--no-browser", "--data", str(data), *more]
    code = "import sys; from upperback.web.commands import serve_command; sys.exit(serve_command(sys.argv[1:]))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    for name in ("UPPERBACK_DATA", "UPPERBACK_ALLOWED_HOSTS", "UPPERBACK_PHONE_ADDRESS", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    with subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=data.parent,
    ) as process:
        assert process.stdout is not None
        said: list[str] = []
        ends = time.monotonic() + WAIT_S
        while time.monotonic() < ends and not re.search("/open/", said[-1] if said else ""):
            said.append(process.stdout.readline())
        try:
            yield said
        finally:
            process.terminate()
            assert process.wait(timeout=30) in {0, -15}


def port_in(said: list[str], scheme: str) -> int:
    found = re.search(rf"{scheme}://127\.0\.0\.1:(\d+)", "".join(said))
    assert found, said
    return int(found[1])


def get(port: int, path: str, context: ssl.SSLContext) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def test_phones_reach_it_sealed_once_they_trust_it(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--lan", "127.0.0.1", "--lan-port", "0") as said:
        port, here = port_in(said, "https"), port_in(said, "http")
        ca = (tmp_path / "data" / "lan" / "ca.crt").read_bytes()
        trusting = ssl.create_default_context(cadata=ca)
        assert get(port, "/help/", trusting)[0] == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            get(port, "/help/", ssl.create_default_context())
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            _plain(port, "/help/")

        # Who is not let in sees help and the way to trust, no page and no banner.
        status, headers, _ = get(port, "/today/", trusting)
        assert status == 403
        assert "server" not in headers
        for path in ("/trust/upperback.crt", "/trust/"):
            assert get(port, path, trusting)[0] == 200
        _, headers, given = get(port, "/trust/upperback.crt", trusting)
        assert given == ca
        assert headers["content-type"] == "application/x-x509-ca-cert"
        fingerprint = x509.load_der_x509_certificate(given).fingerprint(hashes.SHA256()).hex(" ").upper()
        assert fingerprint[:23] in "".join(said)
        assert fingerprint in _plain(here, "/trust/")
        assert fingerprint[:23] not in get(port, "/trust/", trusting)[2].decode(), "anybody could show it there"
        assert f"http://127.0.0.1:{here}/trust/" in "".join(said)

        # A one-time link works here as well, and its cookie never travels unsealed.
        link = re.search(r"/open/\S+", said[-1])
        assert link
        status, headers, _ = get(port, link[0], trusting)
        assert status == 303
        assert "; Secure" in headers["set-cookie"]

        assert "stopped" in asyncio.run(_phone(port, trusting))


def _plain(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    try:
        return connection.getresponse().read().decode()
    finally:
        connection.close()


async def _phone(port: int, trusting: ssl.SSLContext) -> dict[str, str]:
    """What a phone with a wrong secret hears over TLS."""
    address = f"127.0.0.1:{port}"
    async with websockets.connect(
        f"wss://{address}/live/phone/socket/", ssl=trusting, additional_headers={"Origin": f"https://{address}"}
    ) as phone:
        await phone.send(json.dumps({"open": "wrong"}))
        heard: dict[str, str] = json.loads(await asyncio.wait_for(phone.recv(), 30))
        return heard


def test_nothing_is_opened_to_the_network_without_asking(tmp_path: Path) -> None:
    with running(tmp_path / "data") as said:
        port = port_in(said, "http")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/trust/")
        assert connection.getresponse().status == 403
        connection.close()
        assert "https://" not in "".join(said)
        assert not (tmp_path / "data" / "lan").exists()


@pytest.mark.parametrize("named", ["somewhere", "192.168.1", "8.8.8.8"])
def test_an_address_that_is_none_of_a_home_network_is_refused(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPPERBACK_ALLOWED_HOSTS", "localhost")
    with pytest.raises(InputError):
        serving.serve(port=0, data=tmp_path / "data", browser=False, lan=named, lan_port=0)
    assert not (tmp_path / "data" / "lan").exists()


def test_a_port_that_is_taken_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UPPERBACK_ALLOWED_HOSTS", "localhost")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="--lan-port"):
            serving.serve(
                port=0, data=tmp_path / "data", browser=False, lan="127.0.0.1", lan_port=taken.getsockname()[1]
            )
