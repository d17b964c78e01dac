"""Every vertical of a recording as a Parquet file, so that others can check them."""

from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from upperback.sensing.posture import VerticalBlock, angles
from upperback.sensing.trunk import TrunkAlignment

#: Columns as the command line promises them. gravity: unit vertical in the sensor frame, up positive.
SCHEMA: Final = pa.schema(
    [
        ("time_s", pa.float64()),
        ("inclination_deg", pa.float32()),
        ("flexion_deg", pa.float32()),
        ("lateral_deg", pa.float32()),
        ("gravity_x", pa.float32()),
        ("gravity_y", pa.float32()),
        ("gravity_z", pa.float32()),
        ("quality", pa.uint8()),
    ]
)


class SamplesFile:
    """Written block by block; whole only when it was closed without an error."""

    def __init__(self, path: Path) -> None:
        self._writer: Any = pq.ParquetWriter(path, SCHEMA, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def write(self, block: VerticalBlock, alignment: TrunkAlignment | None) -> None:
        """The next block. Times are on the clock of the recording."""
        found = angles(block.up, alignment)
        time_s = block.start_s + np.arange(len(block)) / block.sampling_rate_hz
        quality = np.zeros(len(block), np.uint8) if block.quality is None else block.quality
        columns = [
            time_s,
            *(
                np.asarray(values, np.float32)
                for values in (found.inclination_deg, found.flexion_deg, found.lateral_deg)
            ),
            *np.ascontiguousarray(block.up.T),
            quality,
        ]
        self._writer.write_table(pa.table([pa.array(column) for column in columns], schema=SCHEMA))
