"""Web Push: a short message sealed for one browser (RFC 8291, RFC 8188) and signed by its sender (RFC 8292).

The push service of the browser's maker passes it on and can read nothing of it. Built on `cryptography` alone: the
packages for it bring a web client along or have no wheel, and the whole of it is what stands here.
"""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from upperback.core.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

_POINT_BYTES: Final = 65
_AUTH_BYTES: Final = 16
_SALT_BYTES: Final = 16
_RECORD_BYTES: Final = 4096
#: A message and its padding mark fit into one record of what push services take.
MESSAGE_BYTES_MAX: Final = 3000
_SIGNED_FOR: Final = dt.timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where a browser takes messages: the address at its push service, its public key and the shared secret."""

    endpoint: str
    p256dh: str
    auth: str


def check_receiver(receiver: Receiver) -> None:
    """Raises InputError for anything that no browser would send."""
    parts = urlsplit(receiver.endpoint)
    try:
        port = parts.port
        _point(unpacked(receiver.p256dh))
        secret = unpacked(receiver.auth)
    except (ValueError, binascii.Error):
        raise InputError("This browser's notices cannot be turned on: it sent something unknown") from None
    usual = parts.scheme == "https" and port in {None, 443} and "@" not in parts.netloc and parts.hostname
    if not usual or len(secret) != _AUTH_BYTES:
        raise InputError("This browser's notices cannot be turned on: it sent something unknown")


def new_key() -> bytes:
    """A fresh key of a sender, as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_key(pem: bytes) -> str:
    """The public half of a sender's key, as browsers want it."""
    return packed(_public_bytes(_private(pem)))


def headers(endpoint: str, pem: bytes, *, contact: str, now: dt.datetime, ttl_s: int, topic: str) -> dict[str, str]:
    """The headers that go with a message.

    Parameters
    ----------
    contact : mailto: or https: address of who runs this installation
    ttl_s : how long the push service may keep the message for a device that is off
    topic : a newer message takes the place of an older one of the same topic
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    parts = urlsplit(endpoint)
    claims = {"aud": f"https://{parts.netloc}", "exp": int((now + _SIGNED_FOR).timestamp()), "sub": contact}
    signed = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
    r, s = decode_dss_signature(_private(pem).sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{signed}.{packed(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    return {
        "Authorization": f"vapid t={token}, k={public_key(pem)}",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(ttl_s),
        "Topic": topic,
        "Urgency": "normal",
    }


def seal(message: bytes, receiver: Receiver) -> bytes:
    """The message, readable for this browser only. A fresh key and salt each time."""
    import secrets

    from cryptography.hazmat.primitives.asymmetric import ec

    return seal_with(message, receiver, ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(_SALT_BYTES))


def seal_with(message: bytes, receiver: Receiver, ephemeral: "ec.EllipticCurvePrivateKey", salt: bytes) -> bytes:
    """As `seal`, with a key and a salt that must never be used a second time. For tests against the standard."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(message) > MESSAGE_BYTES_MAX:
        raise ValueError("a push message has to be short")
    theirs = unpacked(receiver.p256dh)
    shared = ephemeral.exchange(ec.ECDH(), _point(theirs))
    key, nonce = content_keys(shared, unpacked(receiver.auth), theirs, _public_bytes(ephemeral), salt)
    sealed = AESGCM(key).encrypt(nonce, message + b"\x02", None)
    return salt + _RECORD_BYTES.to_bytes(4, "big") + bytes([_POINT_BYTES]) + _public_bytes(ephemeral) + sealed


def content_keys(shared: bytes, auth: bytes, receiver: bytes, sender: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Key and nonce of the one record, from the shared secret of both (RFC 8291, 3.4)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
        return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)

    both = derive(shared, auth, b"WebPush: info\x00" + receiver + sender, 32)
    key = derive(both, salt, b"Content-Encoding: aes128gcm\x00", 16)
    return key, derive(both, salt, b"Content-Encoding: nonce\x00", 12)


def packed(content: bytes) -> str:
    """Bytes as base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    """Bytes out of base64 for addresses. Raises binascii.Error or ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _json(value: Mapping[str, Any]) -> str:
    return packed(json.dumps(value, separators=(",", ":")).encode())


def _point(content: bytes) -> "ec.EllipticCurvePublicKey":
    """Raises ValueError for bytes that are no point of the curve."""
    from cryptography.hazmat.primitives.asymmetric import ec

    if len(content) != _POINT_BYTES:
        raise ValueError("a public key has 65 bytes")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), content)


def _private(pem: bytes) -> "ec.EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InputError("push.key in the data folder is damaged. Delete it and start again.")
    return key


def _public_bytes(key: "ec.EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
