"""A browser that takes push messages, as far as the standard says what it does: keys of its own, and opening."""

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from upperback.interchange.webpush import Receiver, packed


class Browser:
    """Keys of one subscription. `open` is written from RFC 8291 and RFC 8188 and shares no code with the sender."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.auth = secrets.token_bytes(16)

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    @property
    def receiver(self) -> Receiver:
        return Receiver(endpoint=self.endpoint, p256dh=packed(self.public), auth=packed(self.auth))

    def open(self, body: bytes) -> bytes:
        """The message in a body. Raises InvalidTag where it is for somebody else or was touched."""
        salt, sender = body[:16], body[21:86]
        assert int.from_bytes(body[16:20], "big") >= len(body) - 86, "one record"
        assert body[20] == 65
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self.private.exchange(ec.ECDH(), point)
        first = _hmac(self.auth, shared)
        both = _hmac(first, b"WebPush: info\x00" + self.public + sender + b"\x01")
        second = _hmac(salt, both)
        key = _hmac(second, b"Content-Encoding: aes128gcm\x00\x01")[:16]
        nonce = _hmac(second, b"Content-Encoding: nonce\x00\x01")[:12]
        plain = AESGCM(key).decrypt(nonce, body[86:], None)
        assert plain.endswith(b"\x02"), "the last record"
        return plain[:-1]


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()
