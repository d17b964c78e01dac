"""A file under a passphrase, in the open format of age (C2SP age v1, scrypt recipient): any `age` program opens it.

A person must be able to open what they took along without us, in ten years too. The format is small, so it stands
here on `cryptography` alone: scrypt makes a key of the passphrase, ChaCha20-Poly1305 seals blocks of 64 KiB, each with
its place and the last one marked, so that nothing can be changed, moved, left out or cut off. Blocks are handed on only
after they are proved, and memory holds one of them.
"""

import base64
import hashlib
import hmac
import re
import secrets
from types import TracebackType
from typing import IO, Final, Self

from upperback.core.errors import InputError

__all__ = ["PASSPHRASE_LEAST", "Sealing", "check_passphrase", "is_sealed", "unseal"]

PASSPHRASE_LEAST: Final = 10
_PASSPHRASE_MOST: Final = 1000
_MAGIC: Final = b"age-encryption.org/v1\n"
_SCRYPT_LABEL: Final = b"age-encryption.org/v1/scrypt"
#: 128 MB and about a third of a second for each guess.
_WORK: Final = 17
#: Of a file from outside: 256 MB, the most that other programs write by themselves.
_WORK_MOST: Final = 18
_BLOCK: Final = 64 * 1024
_TAG: Final = 16
_KEY: Final = 16
_SALT: Final = 16
_NONCE: Final = 16
_HEADER_MOST: Final = 1024
_HEADER: Final = re.compile(
    rb"age-encryption\.org/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n([A-Za-z0-9+/]{43})\n---"
)

_OTHER: Final = "this passphrase does not open the file"
_DAMAGED: Final = "the file was cut off or changed on its way; get a fresh copy of it"
_FOREIGN: Final = "this file is not locked with a passphrase that Upperback can use"


def check_passphrase(passphrase: str) -> None:
    """Raises InputError for a passphrase that protects nothing."""
    if not PASSPHRASE_LEAST <= len(passphrase) <= _PASSPHRASE_MOST:
        raise InputError(f"Use a passphrase of at least {PASSPHRASE_LEAST} letters, or none", field="passphrase")


def is_sealed(head: bytes) -> bool:
    """Whether a file that begins like this is under a passphrase."""
    return head.startswith(_MAGIC)


class Sealing:
    """A file to write to; what is written comes out sealed. Without `close` the result is no whole file.

    Parameters
    ----------
    out : where it goes, written from front to back
    work : the cost of a guess, as a power of two
    """

    def __init__(self, out: IO[bytes], passphrase: str, *, work: int = _WORK) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        check_passphrase(passphrase)
        file_key, salt, nonce = secrets.token_bytes(_KEY), secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
        wrapped = ChaCha20Poly1305(_from_passphrase(passphrase, salt, work)).encrypt(bytes(12), file_key, None)
        header = _MAGIC + b"-> scrypt %s %d\n%s\n---" % (_text(salt), work, _text(wrapped))
        out.write(header + b" " + _text(_header_mac(file_key, header)) + b"\n" + nonce)
        self._out = out
        self._cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
        self._waiting = bytearray()
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()

    def write(self, data: bytes) -> int:
        """Takes more of the plain file."""
        self._waiting += data
        while len(self._waiting) > _BLOCK:  # the last block is never empty
            self._seal(bytes(self._waiting[:_BLOCK]), last=False)
            del self._waiting[:_BLOCK]
        return len(data)

    def flush(self) -> None:
        """Whole blocks only: nothing to do."""

    def close(self) -> None:
        """Seals what is left, marked as the end."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, block: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_place(self._number, last=last), block, None))
        self._number += 1


def unseal(source: IO[bytes], out: IO[bytes], passphrase: str) -> None:
    """Writes the plain file. What is written before an error is proved, but not whole.

    Raises
    ------
    InputError : another passphrase, another format, or a file that was changed or cut off.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    file_key = _file_key(source, passphrase)
    nonce = source.read(_NONCE)
    cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    number, block = 0, source.read(_BLOCK + _TAG)
    while True:
        following = source.read(_BLOCK + _TAG)
        try:
            plain = cipher.decrypt(_place(number, last=not following), block, None)
        except InvalidTag:
            raise InputError(_DAMAGED) from None
        if not plain and number:
            raise InputError(_DAMAGED)
        out.write(plain)
        if not following:
            return
        number, block = number + 1, following


def _file_key(source: IO[bytes], passphrase: str) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    lines = [source.readline(_HEADER_MOST) for _ in range(4)]
    header = b"".join(lines)[: -len(lines[3])] + lines[3][:3]
    found = _HEADER.fullmatch(header)
    if found is None:
        raise InputError(_FOREIGN if is_sealed(header) and b"-> scrypt " not in header else _DAMAGED)
    work = int(found[2])
    if work > _WORK_MOST:
        raise InputError("this file asks for more work to be opened than is safe to do")
    if len(passphrase) > _PASSPHRASE_MOST:
        raise InputError(_OTHER)
    key = _from_passphrase(passphrase, _bytes(found[1]), work)
    try:
        file_key = ChaCha20Poly1305(key).decrypt(bytes(12), _bytes(found[3]), None)
    except InvalidTag:
        raise InputError(_OTHER, field="passphrase") from None
    wanted = b"--- " + _text(_header_mac(file_key, header)) + b"\n"
    if not hmac.compare_digest(wanted, lines[3]):
        raise InputError(_DAMAGED)
    return file_key


def _from_passphrase(passphrase: str, salt: bytes, work: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    kdf = Scrypt(salt=_SCRYPT_LABEL + salt, length=32, n=1 << work, r=8, p=1)
    return kdf.derive(passphrase.encode("utf-8", "surrogatepass"))


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=salt or None, info=info).derive(key)


def _header_mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), header, hashlib.sha256)


def _place(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _text(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    data = base64.b64decode(text + b"=" * (-len(text) % 4))
    if _text(data) != text:  # one way to write it, as the format asks
        raise InputError(_DAMAGED)
    return data
