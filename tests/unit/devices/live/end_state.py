"""What every live source has to come to: thirty degrees within two, one hint for a long slouch, none for a pick-up."""

import json
from pathlib import Path
from typing import Any

import numpy as np

DAY = """\
about: Asked to stand and to bend, then thirty degrees, two pick-ups, and a long slouch.
sensors:
  - {name: chest, place: chest, flaws: none, sampling_rate_hz: 50}
activities:
  - {do: stand, duration_s: 13}
  - {do: bend, times: 3}
  - {do: stand, duration_s: 50}
  - {do: stand, duration_s: 10, flexion_deg: 30}
  - {do: stand, duration_s: 10}
  - {do: bend, times: 2}
  - {do: stand, duration_s: 30}
  - {do: stand, duration_s: 420, flexion_deg: 30}
"""
SECONDS = 550


def day(folder: Path) -> str:
    """The scenario as a file."""
    path = folder / "day.yaml"
    path.write_text(DAY)
    return str(path)


def judge(out: str) -> None:
    """What `upperback monitor --json --hints` said of that day."""
    events = [json.loads(line) for line in out.splitlines()]
    seconds = [event for event in events if event["event"] == "second"]
    zero_s = seconds[0]["time_s"]

    def flexion(start: float, end: float) -> Any:
        return np.array([one["flexion_deg"] for one in seconds if start <= one["time_s"] - zero_s < end], float)

    np.testing.assert_allclose(flexion(45, 80), 0, atol=2.5)
    np.testing.assert_allclose(flexion(90, 96), 30, atol=2)
    np.testing.assert_allclose(flexion(170, 540), 30, atol=2.5)  # breathing and sway are the wearer's own
    assert abs(np.mean(flexion(170, 540)) - 30) < 1
    assert np.max(flexion(110, 125)) > 60, "that was the pick-up"
    hints = [one["time_s"] - zero_s for one in seconds if one["hint"]]
    assert len(hints) == 1
    assert 170 < hints[0] < 540
