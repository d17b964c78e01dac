"""A file under a passphrase: opened by its passphrase alone, and only as it was written."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upperback.core.errors import InputError
from upperback.interchange.archive import sealed

PHRASE = "a red kite over the hill"
WORK = 4  # of a test; of a real file 17


def locked(plain: bytes, phrase: str = PHRASE) -> bytes:
    out = io.BytesIO()
    with sealed.Sealing(out, phrase, work=WORK) as file:
        for start in range(0, len(plain), 50_000):
            file.write(plain[start : start + 50_000])
    return out.getvalue()


def opened(data: bytes, phrase: str = PHRASE) -> bytes:
    out = io.BytesIO()
    sealed.unseal(io.BytesIO(data), out, phrase)
    return out.getvalue()


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
def test_what_goes_in_comes_out(size: int) -> None:
    plain = bytes(number * 31 % 251 for number in range(size))
    data = locked(plain)
    assert opened(data) == plain
    assert sealed.is_sealed(data)
    assert size < 40 or plain[:40] not in data  # a byte or two stand in anything


def test_the_same_file_twice_looks_different() -> None:
    assert locked(b"same")[60:] != locked(b"same")[60:]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_byte_can_be_changed_left_out_or_cut_off(data: st.DataObject) -> None:
    whole = bytearray(_WHOLE)
    place = data.draw(st.integers(0, len(whole) - 1))
    how = data.draw(st.sampled_from(["flip", "cut", "drop", "add"]))
    if how == "flip":
        whole[place] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "cut":
        del whole[place:]
    elif how == "drop":
        del whole[place]
    else:
        whole.insert(place, data.draw(st.integers(0, 255)))
    if bytes(whole) != _WHOLE:
        with pytest.raises(InputError):
            opened(bytes(whole))


_WHOLE = locked(bytes(70_000))


def test_blocks_cannot_change_places() -> None:
    data = locked(bytes(65_536) + b"\1" * 65_536 + b"end")
    begin = len(data) - (2 * 65_552 + 19)
    first, second = data[begin : begin + 65_552], data[begin + 65_552 : begin + 2 * 65_552]
    assert opened(data[:begin] + first + second + data[begin + 2 * 65_552 :])
    with pytest.raises(InputError, match="cut off or changed"):
        opened(data[:begin] + second + first + data[begin + 2 * 65_552 :])


def test_another_passphrase() -> None:
    with pytest.raises(InputError, match="does not open the file"):
        opened(locked(b"private"), PHRASE + ".")


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(InputError, match="at least 10 letters"):
        locked(b"", "short")


def test_a_file_that_asks_for_too_much_work_is_refused_at_once() -> None:
    data = locked(b"x").replace(b" 4\n", b" 40\n", 1)
    with pytest.raises(InputError, match="more work"):
        opened(data)


def test_a_file_for_a_key_and_not_a_passphrase() -> None:
    with pytest.raises(InputError, match="not locked with a passphrase"):
        opened(b"age-encryption.org/v1\n-> X25519 abc\nabc\n--- abc\n")
