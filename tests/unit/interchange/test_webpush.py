"""Push messages: the example of the standard to the byte, and only the receiver can read them."""

import datetime as dt
import json

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.interchange.push_receiver import Browser
from upperback.core.errors import InputError
from upperback.interchange import webpush
from upperback.interchange.webpush import MESSAGE_BYTES_MAX, Receiver, packed, unpacked

NOW = dt.datetime(2026, 11, 27, 9, 30, tzinfo=dt.UTC)

# RFC 8291, section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7"
    "A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_standard_to_the_byte() -> None:
    receiver = Receiver(endpoint="https://push.example.net/x", p256dh=PUBLIC, auth=AUTH)
    ephemeral = ec.derive_private_key(int.from_bytes(unpacked(SENDER), "big"), ec.SECP256R1())
    assert packed(webpush.seal_with(PLAIN, receiver, ephemeral, unpacked(SALT))) == SEALED


@given(st.binary(max_size=MESSAGE_BYTES_MAX))
@settings(max_examples=30, deadline=None)
def test_the_receiver_reads_what_was_said(message: bytes) -> None:
    browser = Browser("https://push.example.net/x")
    assert browser.open(webpush.seal(message, browser.receiver)) == message


def test_nobody_else_reads_it_and_it_never_looks_the_same_twice() -> None:
    browser, other = Browser("https://push.example.net/x"), Browser("https://push.example.net/y")
    first, second = (webpush.seal(b"hello", browser.receiver) for _ in range(2))
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]
    with pytest.raises(InvalidTag):
        other.open(first)
    with pytest.raises(InvalidTag):
        browser.open(first[:-1] + bytes([first[-1] ^ 1]))


def test_the_sender_signs_for_this_push_service_and_for_half_a_day() -> None:
    pem = webpush.new_key()
    lines = webpush.headers(
        "https://push.example.net/x?y", pem, contact="mailto:a@example.org", now=NOW, ttl_s=600, topic="break"
    )
    token, key = (part.partition("=")[2] for part in lines["Authorization"].removeprefix("vapid ").split(", "))
    assert key == webpush.public_key(pem)
    head, claims, signature = token.split(".")
    assert json.loads(unpacked(head)) == {"typ": "JWT", "alg": "ES256"}
    assert json.loads(unpacked(claims)) == {
        "aud": "https://push.example.net", "exp": int(NOW.timestamp()) + 12 * 3600, "sub": "mailto:a@example.org",
    }  # fmt: skip
    raw = unpacked(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpacked(key))
    point.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        point.verify(der, f"{head}.{claims}x".encode(), ec.ECDSA(hashes.SHA256()))
    assert (lines["TTL"], lines["Topic"], lines["Content-Encoding"]) == ("600", "break", "aes128gcm")


GOOD = Receiver(endpoint="https://push.example.net/x", p256dh=PUBLIC, auth=AUTH)


@pytest.mark.parametrize(
    ("endpoint", "p256dh", "auth"),
    [
        ("http://push.example.net/x", PUBLIC, AUTH),
        ("https://push.example.net:8443/x", PUBLIC, AUTH),
        ("https://push.example.net:port/x", PUBLIC, AUTH),
        ("https://user@push.example.net/x", PUBLIC, AUTH),
        ("https:///x", PUBLIC, AUTH),
        ("", PUBLIC, AUTH),
        (GOOD.endpoint, PUBLIC[:-2], AUTH),
        (GOOD.endpoint, packed(b"\x04" + b"\x01" * 64), AUTH),
        (GOOD.endpoint, "no base64!", AUTH),
        (GOOD.endpoint, PUBLIC, "short"),
        (GOOD.endpoint, PUBLIC, ""),
    ],
)
def test_what_no_browser_sends_is_refused(endpoint: str, p256dh: str, auth: str) -> None:
    webpush.check_receiver(GOOD)
    with pytest.raises(InputError):
        webpush.check_receiver(Receiver(endpoint=endpoint, p256dh=p256dh, auth=auth))


def test_a_message_is_short() -> None:
    with pytest.raises(ValueError, match="short"):
        webpush.seal(b"x" * (MESSAGE_BYTES_MAX + 1), GOOD)


def test_the_receiver_of_the_tests_is_an_independent_one() -> None:
    """It derives its keys by hand, from HMAC alone, and reads the example of the standard."""
    browser = Browser("https://push.example.net/x")
    browser.private = ec.derive_private_key(
        int.from_bytes(unpacked("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big"), ec.SECP256R1()
    )
    browser.auth = unpacked(AUTH)
    assert browser.open(unpacked(SEALED)) == PLAIN
