"""Secrets that are told once and recognised later: only what this makes of them is stored."""

import hashlib
from typing import Final

#: A token of this product is shorter; what is longer is none and is not hashed.
TOKEN_CHARACTERS_MAX: Final = 64


def stored_form(secret: str) -> str:
    """The SHA-256 of a secret, as hex. Takes any text that a request can bring, half a character too."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
