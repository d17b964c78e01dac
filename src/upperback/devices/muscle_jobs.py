"""The job of `confined` on muscle: apart from `jobs`, so that a recording of movement does not wait for its filters."""

from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.devices.base import ReadOptions, Recording
from upperback.devices.opening import open_recording
from upperback.devices.work import Work
from upperback.sensing.muscle import (
    EmgReference,
    MuscleParams,
    MuscleState,
    Normalisation,
    apdf,
    measure_noise,
    measure_reference,
    muscle_figures,
    start_muscle,
    update_muscle,
)
from upperback.sensing.signal import EmgChunk

#: Longest stretch that a reference is taken from, s.
_SPAN_S_MAX: Final = 600.0


class MuscleOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `analyse_muscle`. Spans are (start, end) in seconds from the start of the recording."""

    read: ReadOptions
    mvc: tuple[float, float] | None = None
    reference: tuple[float, float] | None = None
    rest: tuple[float, float] | None = None
    ecg: Literal["none", "highpass", "gate"] = "gate"
    mains_hz: float = 50.0


def analyse_muscle(path: Path, options: dict[str, Any], work: Work) -> dict[str, Any]:
    """Muscle: {"info", "reading", "channels": [{"name", "figures", "unit", "curve", "amplitude"}]}."""
    chosen = msgspec.convert(options, MuscleOptions)
    recording = open_recording(path, chosen.read)
    if not recording.has_emg:
        raise InputError(
            "there is no muscle signal in it; name its columns with --channel if they are called otherwise"
        )
    params = MuscleParams(ecg=chosen.ecg, mains_hz=chosen.mains_hz)
    references = _references(recording, chosen, params)
    state: MuscleState | None = None
    levels: list[npt.NDArray[np.float32]] = []
    hop_s = 0.0
    for chunk in recording.emg_chunks(work.progress):
        if state is None:
            references = references or (EmgReference(),) * chunk.emg_v.shape[1]
            state = start_muscle(sampling_rate_hz=chunk.sampling_rate_hz, references=references, params=params)
        state, block = update_muscle(state, chunk, params)
        levels.append(block.rms_v)
        hop_s = block.hop_s
    if state is None:
        raise InputError("it holds no sample")
    figures = muscle_figures(state, params)
    amplitude_v = _seconds(np.concatenate(levels), hop_s)
    names = recording.info.emg_names
    return {
        "info": recording.info,
        "reading": recording.summary("emg"),
        "channels": [
            {"name": names[c] if c < len(names) else f"Channel {c + 1}", "figures": figures[c]}
            | _drawn(state, c, params, amplitude_v[:, c])
            for c in range(len(figures))
        ],
        "notes": (),
    }


def _references(recording: Recording, chosen: MuscleOptions, params: MuscleParams) -> tuple[EmgReference, ...] | None:
    """What percentages are of, from the named stretches of the same recording; None without any."""
    if chosen.mvc is not None and chosen.reference is not None:
        raise InputError("give either the strongest effort or a reference effort, not both")
    contraction = chosen.mvc or chosen.reference
    if contraction is None and chosen.rest is None:
        return None
    n_channels = len(recording.info.emg_names)
    noise: tuple[float | None, ...] = (None,) * n_channels
    if chosen.rest is not None:
        noise = measure_noise(_span(recording, chosen.rest, "rest"), params)
    if contraction is None:
        return tuple(EmgReference(noise_rms_v=level) for level in noise)
    kind = Normalisation.MVC if chosen.mvc is not None else Normalisation.REFERENCE
    return measure_reference(_span(recording, contraction, "effort"), kind, noise, params)


def _span(recording: Recording, span: tuple[float, float], what: str) -> EmgChunk:
    """The samples between two times."""
    start_s, end_s = span
    if not 0 <= start_s < end_s or end_s - start_s > _SPAN_S_MAX:
        raise InputError(f"{what}: {start_s:g} to {end_s:g} s is no stretch of at most {_SPAN_S_MAX:.0f} s")
    parts: list[npt.NDArray[np.float32]] = []
    origin_s: float | None = None
    rate_hz = 0.0
    for chunk in recording.emg_chunks(None):
        origin_s = chunk.start_s if origin_s is None else origin_s
        rate_hz = chunk.sampling_rate_hz
        first = max(round((origin_s + start_s - chunk.start_s) * rate_hz), 0)
        last = max(round((origin_s + end_s - chunk.start_s) * rate_hz), 0)
        parts.append(chunk.emg_v[first:last])
        if chunk.end_s >= origin_s + end_s:
            break
    samples = np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)
    if len(samples) < 0.9 * (end_s - start_s) * rate_hz or not len(samples):
        raise InputError(f"{what}: the recording does not reach from {start_s:g} to {end_s:g} s")
    return EmgChunk(start_s=start_s, sampling_rate_hz=rate_hz, emg_v=np.ascontiguousarray(samples))


def _seconds(rms_v: npt.NDArray[np.float32], hop_s: float) -> npt.NDArray[np.float32]:
    """(n_seconds, n_channels): RMS over each whole second of the envelope; NaN where half of it was not measured."""
    per_second = max(round(1 / hop_s), 1)
    whole = len(rms_v) // per_second * per_second
    rows = rms_v[:whole].reshape(-1, per_second, rms_v.shape[1])
    good = np.isfinite(rows)
    n_good = good.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: npt.NDArray[np.float64] = np.sqrt(
            np.square(np.where(good, rows, 0.0), dtype=np.float64).sum(axis=1) / n_good
        )
    found[n_good < per_second / 2] = np.nan
    rounded: npt.NDArray[np.float32] = found.astype(np.float32)
    return rounded


def _drawn(
    state: MuscleState, channel: int, params: MuscleParams, amplitude_v: npt.NDArray[np.float32]
) -> dict[str, Any]:
    """Curve and seconds of one channel in percent, or in microvolts where there is nothing to compare with."""
    reference_v = state.references[channel].rms_v
    distribution = apdf(state, channel, params, "%" if reference_v else "V")
    scale = 1.0 if reference_v else 1e6
    shares = [share / 50 for share in range(50)]  # the last fiftieth would flatten the rest
    curve = [(share, scale * distribution.percentile(100 * share)) for share in shares]
    factor = 100 / reference_v if reference_v else 1e6
    return {
        "unit": "%" if reference_v else "uV",
        "curve": curve if np.isfinite(curve).all() else [],
        "amplitude": (amplitude_v * np.float32(factor)).tolist(),
    }
