"""States as bytes: saved, moved to another process, and gone on with there.

A state is a dataclass of numbers, text, arrays and more dataclasses. The bytes are a JSON header and the arrays behind
it, little-endian. Reading builds only the classes that the caller asks for, so bytes from elsewhere can do no more
than be refused.
"""

import dataclasses
import json
import math
import sys
import types
from collections.abc import Callable
from functools import cache
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError

_State = TypeVar("_State")

_MAGIC: Final = b"upperback-state-1\n"
_DTYPES: Final = {
    "f4": "<f4",
    "f8": "<f8",
    "i4": "<i4",
    "i8": "<i8",
    "u1": "|u1",
    "u4": "<u4",
    "u8": "<u8",
    "b1": "|b1",
}
_ALIGNMENT: Final = 64
_JSON: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_ARRAY: Final = "array"
_PLAIN: Final = frozenset({type(None), bool, int, str})


class StateError(InputError):
    """These bytes are not a state of this kind: damaged, cut short, or from another version."""

    code = "state"


def to_bytes(state: Any) -> bytes:
    """The state as bytes, bit for bit.

    Parameters
    ----------
    state : a dataclass instance of int, float, bool, str, None, numpy arrays, other dataclasses, and lists, tuples
        and str-keyed dicts of these

    Raises
    ------
    TypeError : the state holds something else.
    """
    blocks: list[bytes] = []
    header = _JSON.encode([type(state).__name__, _encode(state, blocks)]).encode()
    head = _MAGIC + len(header).to_bytes(8, "little") + header
    return b"".join([head + bytes(-len(head) % _ALIGNMENT), *blocks])


def from_bytes(kind: type[_State], data: bytes) -> _State:
    """The state that `to_bytes` was given.

    Parameters
    ----------
    kind : the dataclass that is expected
    data : what `to_bytes` returned

    Raises
    ------
    StateError : the bytes are damaged or hold another kind or version of state.
    """
    start = len(_MAGIC) + 8
    if not data.startswith(_MAGIC) or len(data) < start:
        raise StateError("these bytes are not a saved state")
    end = start + int.from_bytes(data[len(_MAGIC) : start], "little")
    try:
        name, values = json.loads(data[start:end])
    except (ValueError, TypeError, RecursionError):
        raise StateError("the header of the saved state cannot be read") from None
    if name != kind.__name__:
        raise StateError(f"this is a saved {str(name)[:60]}, not a saved {kind.__name__}")
    arrays = memoryview(data)[end + -end % _ALIGNMENT :]
    try:
        state: _State = _decode(kind, values, arrays)
    except RecursionError:
        raise StateError("the header of the saved state cannot be read") from None
    return state


def _encode(value: Any, blocks: list[bytes]) -> Any:
    # The kinds that a live server writes thousands of times a second stand in front, and are known by their very class.
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind is np.ndarray:
        return {_ARRAY: _encode_array(value, blocks)}
    if (names := _field_names(kind)) is not None:
        return {name: _encode(getattr(value, name), blocks) for name in names}
    if isinstance(value, int | str):  # an enumeration
        return value
    if isinstance(value, float):
        return _encode(float(value), blocks)
    if isinstance(value, dict):
        return {str(key): _encode(item, blocks) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(item, blocks) for item in value]
    if isinstance(value, np.generic):
        return _encode(value.item(), blocks)
    raise TypeError(f"a state cannot hold {type(value).__name__}")


@cache
def _field_names(kind: type) -> tuple[str, ...] | None:
    """Of a dataclass; None where it is none."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else None


def _encode_array(array: npt.NDArray[Any], blocks: list[bytes]) -> list[Any]:
    code = array.dtype.str[1:]
    if code not in _DTYPES:
        raise TypeError(f"a state cannot hold arrays of {array.dtype}")
    offset = sum(map(len, blocks))
    if not array.dtype.isnative or sys.byteorder == "big":
        array = array.astype(_DTYPES[code])
    data = array.tobytes()
    blocks.append(data)
    if len(data) % _ALIGNMENT:
        blocks.append(bytes(-len(data) % _ALIGNMENT))
    return [code, list(array.shape), offset]


def _decode(kind: Any, value: Any, arrays: memoryview) -> Any:
    """`value` read as `kind`; refuses whatever does not fit."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _decode_union(get_args(kind), value, arrays)
    if kind is Any:
        raise TypeError("a state needs exact types")
    if origin is Literal:
        if not any(value == choice and type(value) is type(choice) for choice in get_args(kind)):
            raise StateError("a value of the saved state is of another kind")
        return value
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, value, arrays)
    if kind is np.ndarray or origin is np.ndarray:
        return _decode_array(value, arrays)
    if origin in {list, tuple, dict}:
        return _decode_many(origin, get_args(kind), value, arrays)
    return _decode_plain(kind, value)


def _decode_union(kinds: tuple[Any, ...], value: Any, arrays: memoryview) -> Any:
    if value is None and type(None) in kinds:
        return None
    for kind in kinds:
        if kind is not type(None):
            try:
                return _decode(kind, value, arrays)
            except StateError:
                continue
    raise StateError("a value of the saved state is of another kind")


def _decode_dataclass(kind: Any, value: Any, arrays: memoryview) -> Any:
    hints = _field_kinds(kind)
    if not isinstance(value, dict) or value.keys() != hints.keys():
        raise StateError(f"the saved {kind.__name__} is from another version")
    made = kind.__new__(kind)
    for name, hint in hints.items():  # past __init__, so that derived and frozen fields come back as they were
        object.__setattr__(made, name, _decode(hint, value[name], arrays))
    return made


@cache
def _field_kinds(kind: type) -> dict[str, Any]:
    """The fields of a dataclass, and of what kind each is."""
    hints = get_type_hints(kind)
    return {name: hints[name] for name in _field_names(kind) or ()}


def _decode_array(value: Any, arrays: memoryview) -> npt.NDArray[Any]:
    match value:
        case {"array": [str(code), list(shape), int(offset)]} if len(value) == 1 and code in _DTYPES:
            pass
        case _:
            raise StateError("an array of the saved state cannot be read")
    if not all(isinstance(size, int) and not isinstance(size, bool) and size >= 0 for size in shape):
        raise StateError("an array of the saved state has an impossible shape")
    dtype = np.dtype(_DTYPES[code])
    length = math.prod(shape) * dtype.itemsize
    if offset < 0 or offset + length > len(arrays):
        raise StateError("the saved state is cut short")
    found = np.frombuffer(arrays[offset : offset + length], dtype=dtype).reshape(shape)
    return found.astype(dtype.newbyteorder("="), copy=True)


def _decode_many(origin: Any, kinds: tuple[Any, ...], value: Any, arrays: memoryview) -> Any:
    if origin is dict:
        if not isinstance(value, dict):
            raise StateError("a value of the saved state is of another kind")
        return {key: _decode(kinds[1], item, arrays) for key, item in value.items()}
    if not isinstance(value, list):
        raise StateError("a value of the saved state is of another kind")
    if origin is tuple and not (len(kinds) == 2 and kinds[1] is Ellipsis):
        if len(kinds) != len(value):
            raise StateError("a value of the saved state is of another kind")
        return tuple(_decode(kind, item, arrays) for kind, item in zip(kinds, value, strict=True))
    make: Callable[[Any], Any] = origin
    return make(_decode(kinds[0], item, arrays) for item in value)


def _decode_plain(kind: Any, value: Any) -> Any:
    if kind is float:
        match value:
            case {"float": "nan" | "inf" | "-inf" as text} if len(value) == 1:
                return float(text)
            case bool():
                pass
            case int() | float():
                return float(value)
    elif kind in {int, str, bool, type(None)} and type(value) is kind:
        return value
    elif isinstance(kind, type) and issubclass(kind, int | str) and kind not in {int, str, bool}:  # an enumeration
        try:
            return kind(value)
        except (ValueError, TypeError):
            pass
    raise StateError("a value of the saved state is of another kind")
