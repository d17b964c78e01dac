"""What a stream of Lab Streaming Layer says it holds, as headings like those of a table: recorded or live."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from upperback.core.errors import InputError

#: What a stream of so many channels without labels holds, by its type.
_BY_TYPE: Final[Mapping[str, tuple[str, ...]]] = {
    "accelerometer": ("acc_x", "acc_y", "acc_z"),
    "acc": ("acc_x", "acc_y", "acc_z"),
    "acceleration": ("acc_x", "acc_y", "acc_z"),
    "gyroscope": ("gyr_x", "gyr_y", "gyr_z"),
    "gyro": ("gyr_x", "gyr_y", "gyr_z"),
}
_EMG_TYPES: Final = frozenset({"emg", "semg"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamInfo:
    """A numeric stream: its number, and its channels' headings as a table would have them."""

    id: int
    name: str
    headings: tuple[str, ...]


def read_stream(number: int, text: bytes) -> StreamInfo | None:
    """A stream by its description in XML; None where it holds no numbers.

    Raises
    ------
    InputError : the description is damaged.
    """
    try:
        info = ET.fromstring(text)  # noqa: S314 - no document type, so no entities: checked by the caller
    except ET.ParseError as error:
        raise InputError("the description of a stream is damaged") from error
    kind = (info.findtext("type") or "").strip().lower()
    count = info.findtext("channel_count") or ""
    if info.findtext("channel_format") == "string" or not count.isdecimal() or not 1 <= int(count[:9]) <= 1000:
        return None
    n_channels = int(count)
    channels = info.findall("desc/channels/channel")
    if len(channels) == n_channels:
        labels = [(one.findtext("label") or "", one.findtext("unit") or "") for one in channels]
        headings = tuple(f"{label} ({unit})" if unit else label for label, unit in labels)
        if kind in _EMG_TYPES and not any("emg" in heading.lower() for heading in headings):
            headings = tuple(f"emg {heading}" for heading in headings)
    elif kind in _EMG_TYPES:
        headings = tuple(f"emg_{n + 1}" for n in range(n_channels))
    else:
        named = _BY_TYPE.get(kind, ())
        headings = named if len(named) == n_channels else tuple(f"channel {n + 1}" for n in range(n_channels))
    return StreamInfo(id=number, name=(info.findtext("name") or "")[:60], headings=headings)
