"""From a recording to figures in Python. Run it whole, or cell by cell (`# %%`) in an editor that knows cells.

python examples/recording.py            with a simulated hour
python examples/recording.py walk.csv   with a recording of your own
"""

# %% A recording: your own, or a simulated one whose truth is known
import sys
import tempfile
from pathlib import Path

import numpy as np

from upperback.devices.base import ReadOptions
from upperback.devices.opening import open_recording
from upperback.devices.simulate import Simulation, read_scenario
from upperback.devices.simulate.files import Units, write_simulation

folder = tempfile.TemporaryDirectory()
if len(sys.argv) > 1:
    path = Path(sys.argv[1])
else:
    hour = {
        "about": "Stand and bend, walk, then sit and slouch.",
        "sensors": [{"name": "chest", "place": "chest", "sampling_rate_hz": 50}],
        "activities": [
            {"do": "align"},
            {"do": "walk", "duration_s": 300},
            {"do": "sit", "duration_s": 3000, "slouch_deg": 15, "shifts_per_hour": 12},
        ],
    }
    path = Path(folder.name) / "hour.csv"
    write_simulation(Simulation(read_scenario(hour), 1), path, units=Units("g", "dps"), progress=lambda _: None)

# %% What is in it, and what had to be guessed
recording = open_recording(path, ReadOptions())
print(recording.info.format, recording.info.sampling_rate_hz, "Hz")
for guess in recording.info.guesses:
    print("*", guess.why)

# %% Everything at once: quality, how the sensor sits, posture, movement
from upperback.sensing.analysis import analyse

analysis = analyse(recording.chunks)
assert analysis is not None, "there is no sample in it"
figures = analysis.figures
print(figures.alignment.sentence)
print(f"measured {figures.quality.measured_share:.0%} of {figures.quality.recorded_s / 60:.0f} min")
if figures.posture is not None and figures.posture.inclination_deg is not None:
    print(f"lean: half the time {figures.posture.inclination_deg.p50:.1f} degrees or more")
if figures.movement is not None:
    print(f"{figures.movement.steps} steps in {figures.movement.walking_s / 60:.1f} min of walking")

# %% Second by second, as arrays
seconds = analysis.epochs
print("columns:", seconds.rows.shape, "median lean", np.nanmedian(seconds.inclination_deg).round(1))

# %% The same stages live: a state goes in with each block and comes out again, wherever it is cut
from upperback.sensing.posture import PostureTracker
from upperback.sensing.trunk import usual_upright

alignment = usual_upright(seconds)
tracker: PostureTracker | None = None
for chunk in recording.chunks():
    tracker = tracker or PostureTracker(sampling_rate_hz=chunk.sampling_rate_hz, alignment=alignment)
    tracker.update(chunk)
summary = tracker.summary if tracker else None
if summary is not None:
    print(f"live: {summary.method.smoothing}, {summary.measured_s / 60:.0f} min measured")
