from upperback.core.tokens import stored_form


def test_the_stored_form_is_the_sha_256_and_takes_any_text() -> None:
    assert stored_form("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(stored_form("\ud800")) == 64  # half a character
