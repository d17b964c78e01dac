"""What an archive is: a ZIP with a list of contents, rows as JSON Lines, seconds of sensors as Parquet.

The format is described in docs/reference/archive.md. `rows/` and `samples/` hold what another installation takes in;
`about/` is for reading only.
"""

from typing import Annotated, Final, TypeAlias

import msgspec

FORMAT: Final = "upperback-archive"
VERSION: Final = 1
#: The list of contents: the last member, as it holds the hashes of the others.
CONTENTS: Final = "upperback.json"
ROWS: Final = "rows/"
ABOUT: Final = "about/"
#: Kept readings of sensors, as they are: files of the lines of `rows/kept_samples.jsonl`, never packed further.
SAMPLES: Final = "samples/"
#: A member of rows of this ending holds seconds of sensors; all others are JSON Lines.
SECONDS: Final = ".parquet"

MEMBERS_MOST: Final = 64
SAMPLES_MOST: Final = 4000
#: Of all members but samples together when unpacked. A year of eight hours a day with a sensor is about half of it.
BYTES_MOST: Final = 1 << 30
#: Of the list of contents.
CONTENTS_BYTES_MOST: Final = 1 << 20

#: A packed minute: number of the stream, first second, bytes as `sensing.minutes` packs them.
Packed: TypeAlias = tuple[int, int, bytes]

Name: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=r"^((rows|about)/[a-z_]{1,40}\.(jsonl|parquet)|samples/[1-9][0-9]{0,4}\.parquet)$")
]


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of an archive: how many rows and bytes it has, and its SHA-256."""

    name: Name
    rows: Annotated[int, msgspec.Meta(ge=0)]
    bytes: Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """The list of contents.

    Attributes
    ----------
    made_at : when, in UTC
    name : of the person
    made_by : program and version
    release, release_sha256 : clinical content of the installation
    members : in the order in which they stand
    """

    format: str
    version: int
    made_at: str
    name: Annotated[str, msgspec.Meta(max_length=60)]
    made_by: Annotated[str, msgspec.Meta(max_length=60)]
    release: Annotated[str, msgspec.Meta(max_length=80)]
    release_sha256: Annotated[str, msgspec.Meta(max_length=64)]
    members: Annotated[tuple[Member, ...], msgspec.Meta(max_length=MEMBERS_MOST + SAMPLES_MOST)]
