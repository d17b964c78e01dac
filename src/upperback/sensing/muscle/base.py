"""Muscle: what the stage takes, remembers and gives. The methods are in `_method.py` files beside this one.

Surface EMG becomes, hop by hop (a tenth of the RMS window, 10 ms), the energy in the muscle's band. All figures are
made from that: the amplitude probability distribution (APDF), rest gaps, sustained activity. Whole seconds (epochs)
are looked at as spectra: median frequency, mains hum, clipping.

Baseline noise adds to muscle in power and is taken off in power, so that a muscle at rest is at zero and not at the
noise of its electrode. Without a reference contraction there are no percentages, and without percentages no rest.
"""

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Final, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import signal

from upperback.core.errors import InputError
from upperback.sensing.signal import QualityFlag

F32: TypeAlias = npt.NDArray[np.float32]
F64: TypeAlias = npt.NDArray[np.float64]
I64: TypeAlias = npt.NDArray[np.int64]
U8: TypeAlias = npt.NDArray[np.uint8]
U32: TypeAlias = npt.NDArray[np.uint32]

SAMPLING_RATE_HZ_MIN: Final = 250.0
"""Below this hardly half of the muscle's band is left."""

HOPS_PER_WINDOW: Final = 10
SETTLED_TO: Final = 1e-4
"""A filter has settled when what it started with has died down to this part."""
WARM_TO: Final = 1e-18
"""A lane is warm when what it started with has died down to this part: less than the last bit of a float64."""

NOTCH_Q: Final = 10.0
"""A notch is a tenth of its frequency wide: a narrower one rings for so long that it fills rest."""

ENGINE_TOLERANCE: Final = 1e-9
"""Compiled kernels and NumPy agree within this part of the power of a hop."""

# Numbers of kernel/emg.c.
MOST_SECTIONS: Final = 12
OFFSET, ENERGY, TOTAL, SINCE, POSITION, BITS, STARTED, REST_OF_MEMORY = range(8)
"""What a channel remembers behind the two numbers of each section, and how much that is."""
BINS_PER_OCTAVE_LOG2: Final = 7
LOWEST_OCTAVE: Final = -48
OCTAVES: Final = 36
BINS: Final = OCTAVES << BINS_PER_OCTAVE_LOG2

REASONS: Final = (
    QualityFlag.GAP,
    QualityFlag.CLIPPED,
    QualityFlag.IMPLAUSIBLE,
    QualityFlag.MAINS_HUM,
    QualityFlag.UNSETTLED,
)
"""Why a hop is not measured."""


class Normalisation(StrEnum):
    """What percentages are of (two of the six ways that the CEDE matrix of 2020 tells apart)."""

    NONE = "none"
    MVC = "mvc"
    """Of a maximal voluntary contraction."""
    REFERENCE = "reference"
    """Of a named submaximal contraction. Rest at 0.5 % is defined for MVC only; here it means 0.5 % of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmgReference:
    """What one channel is compared with: made by `measure_reference` and `measure_noise` with the same parameters.

    Attributes
    ----------
    kind : what `rms_v` was measured in
    rms_v : RMS of the contraction in the band, noise taken off in power, V; None without one
    noise_rms_v : RMS of the channel in the band with the muscle at rest, V; None where nobody measured it
    """

    kind: Normalisation = Normalisation.NONE
    rms_v: float | None = None
    noise_rms_v: float | None = None

    def __post_init__(self) -> None:
        if (self.kind is Normalisation.NONE) != (self.rms_v is None):
            raise InputError("an EMG reference needs both its kind and its RMS, or neither", key="kind")
        for name in ("rms_v", "noise_rms_v"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 1:
                raise InputError(f"{name}: {value:g} V is not possible at the skin", key=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class MuscleParams:
    """Tuning of the muscle stage.

    Attributes
    ----------
    ecg : what is done about the heart. `none`: high-pass at 20 Hz (SENIAM 10 to 20 Hz). `highpass`: at 30 Hz, which
        Drake and Callaghan [1]_ found best among the simple ways; it takes about 3 % of the muscle's amplitude and
        leaves enough of a strong beat to cut rest in two. `gate`: at 30 Hz, and rest and figures go on over the
        tenth of a second around each beat that stands above the muscle as if it were not there
    spectrum : look at each second as a whole: median frequency, mains hum, clipping. None of these is known without
    lowpass_hz : upper end of the band (ISEK: 500 Hz at most), never above 0.45 of the sampling rate
    mains_hz : 50 or 60
    notch_harmonics : how many multiples of the mains frequency are filtered out; 0 none. Costs muscle: only where
        the hum cannot be avoided
    window_s : RMS window of the envelope
    rest_percent, gap_s_min : rest is below this much of the reference; a gap lasts at least so long [2]_
    sustained_window_s, sustained_s_min : activity is sustained where the RMS of this window stays above rest for
        at least so long: 1 to 3 s [2]_ and 4 min [3]_
    rail_v : where the amplifier ends, V; None where it is not known
    clipped_pairs_min : so many neighbours both at the extreme of a second: clipped
    stuck_share_min : so many of a second's samples like the one before: clipped
    rms_v_max : more than this is no surface EMG, V
    hum_share_max, hum_per_rest_max, hum_rms_v_max : a second hums if the mains lines hold more than this share of the
        band's power, and more than so many times the rest level, or without a reference more than this RMS
    humming_share_max : rest cannot be told if more of the seconds hum, as those of rest hum first
    noise_per_rest_max : rest can be told from noise up to so many times the rest level
    spectrum_per_noise_min : median frequency only where the band's power is so many times the noise's
    measured_s_min, measured_share_min : figures need so much
    fatigue_epochs_min : a slope of the median frequency needs so many seconds

    References
    ----------
    .. [1] Drake JDM, Callaghan JP. J Electromyogr Kinesiol 2006;16:175-187. doi:10.1016/j.jelekin.2005.07.003
    .. [2] Veiersted KB et al. J Electromyogr Kinesiol 2013;23:540-547. doi:10.1016/j.jelekin.2012.12.004
    .. [3] Hanvold TN et al. Scand J Work Environ Health 2013;39:390-400. doi:10.5271/sjweh.3357
    """

    ecg: Literal["none", "highpass", "gate"] = "gate"
    spectrum: bool = True
    lowpass_hz: float = 450.0
    mains_hz: float = 50.0
    notch_harmonics: int = 0
    window_s: float = 0.1
    rest_percent: float = 0.5
    gap_s_min: float = 0.2
    sustained_window_s: float = 2.0
    sustained_s_min: float = 240.0
    rail_v: float | None = None
    clipped_pairs_min: int = 3
    stuck_share_min: float = 0.5
    rms_v_max: float = 10e-3
    hum_share_max: float = 0.1
    hum_per_rest_max: float = 0.4
    hum_rms_v_max: float = 1e-6
    humming_share_max: float = 0.1
    noise_per_rest_max: float = 1.5
    spectrum_per_noise_min: float = 10.0
    measured_s_min: float = 10.0
    measured_share_min: float = 0.5
    fatigue_epochs_min: int = 30

    def __post_init__(self) -> None:
        if not 0.02 <= self.window_s <= 0.2:
            raise InputError(f"window_s: {self.window_s:g} s is not between 0.02 and 0.2 s", key="window_s")
        if not self.lowpass_hz >= 100:
            raise InputError(f"lowpass_hz: {self.lowpass_hz:g} Hz leaves no muscle", key="lowpass_hz")
        if self.mains_hz not in {50, 60}:
            raise InputError(f"mains_hz: {self.mains_hz:g} is not 50 or 60 Hz", key="mains_hz")
        if not 0 <= self.notch_harmonics <= MOST_SECTIONS - 4:
            raise InputError("notch_harmonics: expected 0 to 8", key="notch_harmonics")

    @property
    def highpass_hz(self) -> float:
        """Lower end of the band."""
        return 20.0 if self.ecg == "none" else 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GateParams:
    """The gate for heart beats. Its numbers were chosen on simulated beats of 20 to 200 uV.

    Attributes
    ----------
    band_hz : where a beat is strong and a muscle weak
    smooth_s : a beat is looked for in the mean over this
    apart_s : beats are further from each other than this
    before_s, after_s : what is gated around the peak, which comes late by the delay of the band-pass
    muscle_before_s, muscle_after_s : where the muscle has to be weaker than the peak
    ratio : so many times the power of the muscle's band
    floor_v : smaller peaks do no harm
    fraction, forget_s : of the beats before, forgotten with this time constant
    """

    band_hz: tuple[float, float] = (8.0, 20.0)
    smooth_s: float = 0.05
    apart_s: float = 0.2
    before_s: float = 0.1
    after_s: float = 0.03
    muscle_before_s: float = 0.08
    muscle_after_s: float = 0.02
    ratio: float = 0.5
    floor_v: float = 1.5e-6
    fraction: float = 0.3
    forget_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """`GateParams` at one rate, in hops and in the units of the kernel."""

    smooth: int
    look: int
    back: int
    ahead: int
    before: int
    after: int
    ratio: float
    floor: float
    fraction: float
    decay: float
    slow: tuple[float, float, float]

    @property
    def lag(self) -> int:
        """Hops until it is known whether a hop is gated."""
        return self.look + self.before

    @property
    def context(self) -> int:
        """Hops before the first undecided one that are still needed."""
        return self.look * 2 + self.smooth + self.back


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything that follows from rate and parameters: filters, hops, epochs. Made by `layout`.

    Attributes
    ----------
    filters : (3 * n_sections,) b1, a1, a2 of each section; b0 and b2 are 1
    gain : power of the filters' output that the sections leave out
    hop, hop_s, epoch_hops : samples and seconds of a hop, hops of an epoch
    settle, warm_hops : samples and hops until the filters have settled, and until a lane is warm
    gap_hops, sustained_window, sustained_min : of the parameters, in hops and epochs
    """

    sampling_rate_hz: float
    filters: F64
    gain: float
    hop: int
    hop_s: float
    epoch_hops: int
    settle: int
    warm_hops: int
    gap_hops: int
    sustained_window: int
    sustained_min: int
    band_hz: tuple[float, float]
    gate: Gate | None

    @property
    def n_sections(self) -> int:
        """Second-order sections of the filters."""
        return len(self.filters) // 3

    @property
    def window_s(self) -> float:
        """The RMS window, which is ten hops."""
        return HOPS_PER_WINDOW * self.hop_s

    @property
    def epoch_samples(self) -> int:
        """Samples of an epoch: about a second."""
        return self.hop * self.epoch_hops

    @property
    def epoch_s(self) -> float:
        """Length of an epoch, s."""
        return self.hop_s * self.epoch_hops

    @property
    def lag(self) -> int:
        """Hops that have to follow before a hop can be counted."""
        return 0 if self.gate is None else self.gate.lag

    @property
    def context(self) -> int:
        """Counted hops that are kept because later ones need them."""
        return max(HOPS_PER_WINDOW, 0 if self.gate is None else self.gate.context)

    @property
    def power_per_energy(self) -> float:
        """V2 of a hop's mean power per unit of its energy."""
        return self.gain / self.hop


@lru_cache(maxsize=32)
def layout(sampling_rate_hz: float, params: MuscleParams, gate: GateParams | None = None) -> Layout:
    """Filters and grid for one rate.

    Raises
    ------
    InputError : the rate is too low for surface EMG.
    """
    if sampling_rate_hz < SAMPLING_RATE_HZ_MIN:
        raise InputError(
            f"surface EMG at {sampling_rate_hz:g} Hz cannot be worked with: at least {SAMPLING_RATE_HZ_MIN:g} Hz",
            key="sampling_rate_hz",
        )
    high = min(params.lowpass_hz, 0.45 * sampling_rate_hz)
    sections = _sections(sampling_rate_hz, high, params)
    radius = max(float(abs(np.roots(row[3:])).max()) for row in sections)
    hop = max(1, round(sampling_rate_hz * params.window_s / HOPS_PER_WINDOW))
    hop_s = hop / sampling_rate_hz
    gain = float(np.prod(sections[:, 0])) ** 2
    return Layout(
        sampling_rate_hz=sampling_rate_hz,
        filters=np.column_stack([sections[:, 1] / sections[:, 0], sections[:, 4], sections[:, 5]]).ravel(),
        gain=gain,
        hop=hop,
        hop_s=hop_s,
        epoch_hops=round(1 / hop_s),
        settle=math.ceil(math.log(SETTLED_TO) / math.log(radius)),
        warm_hops=math.ceil(math.log(WARM_TO) / math.log(radius) / hop),
        gap_hops=max(HOPS_PER_WINDOW, round(params.gap_s_min / hop_s)),
        sustained_window=max(1, round(params.sustained_window_s)),
        sustained_min=max(1, round(params.sustained_s_min)),
        band_hz=(params.highpass_hz, high),
        gate=_gate(gate or GateParams(), hop, hop_s, gain) if params.ecg == "gate" else None,
    )


def _sections(sampling_rate_hz: float, high_hz: float, params: MuscleParams) -> F64:
    """Butterworth of fourth order at both ends, and a notch for each multiple of the mains."""
    rate = {"fs": sampling_rate_hz, "output": "sos"}
    high_pass = signal.butter(4, params.highpass_hz, "highpass", **rate)
    low_pass = signal.butter(4, high_hz, "lowpass", **rate)
    notches = [
        signal.tf2sos(*signal.iirnotch(frequency_hz, NOTCH_Q, fs=sampling_rate_hz))
        for frequency_hz in notched_hz(params, high_hz)
    ]
    return np.concatenate([high_pass, low_pass, *notches])


def notched_hz(params: MuscleParams, high_hz: float) -> list[float]:
    """The mains frequencies that are filtered out: those inside the band."""
    multiples = [params.mains_hz * (k + 1) for k in range(params.notch_harmonics)]
    return [frequency_hz for frequency_hz in multiples if params.highpass_hz < frequency_hz < high_hz]


def _gate(params: GateParams, hop: int, hop_s: float, gain: float) -> Gate:
    smooth = max(1, round(params.smooth_s / hop_s))
    b, a = signal.butter(1, params.band_hz, "bandpass", fs=1 / hop_s)
    return Gate(
        smooth=smooth,
        look=round(params.apart_s / hop_s),
        back=round(params.muscle_before_s / hop_s),
        ahead=round(params.muscle_after_s / hop_s),
        before=round(params.before_s / hop_s),
        after=round(params.after_s / hop_s),
        ratio=params.ratio * gain / hop,
        floor=params.floor_v**2 * smooth,
        fraction=params.fraction,
        decay=math.exp(-hop_s / params.forget_s),
        slow=(float(b[0]), float(a[1]), float(a[2])),
    )


class EpochFact(IntEnum):
    """Columns of what is known of an epoch before its spectrum; see kernel/emg.c."""

    MEAN = 0
    HIGHEST = 1
    LOWEST = 2
    SAME = 3
    """Samples like the one before."""
    PAIRS = 4
    """Those among them that are at an extreme."""


class Fatigue(IntEnum):
    """Sums over seconds with a median frequency F at time T; 0 and 1 are neighbours, the earlier and the later."""

    N = 0
    T = 1
    F = 2
    TT = 3
    TF = 4
    FF = 5
    PAIRS = 6
    T0 = 7
    T1 = 8
    F0 = 9
    F1 = 10
    T0T1 = 11
    F0F1 = 12
    T0F1 = 13
    T1F0 = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What counting remembers and has counted, of one channel; see kernel/emg.c.

    Attributes
    ----------
    run : (4,) resting, counted as a gap, its hops, hops since the last rest
    last_power : of the window before, V2; NaN after a bad one
    histogram : (BINS,) windows by power, noise included
    counts : (5,) windows measured, gated among them; gaps, hops in gaps, hops of the longest
    """

    run: I64
    last_power: float
    histogram: U32
    counts: I64


@dataclass(frozen=True, slots=True, kw_only=True)
class Hops:
    """What is known of the hops of one channel, (n_hops,) each.

    Attributes
    ----------
    energy : of the filters' output, to be multiplied by `power_per_energy`
    total : sum of the samples less their offset, V; (0,) where nobody needs it
    bits : `QualityFlag`
    """

    energy: F64
    total: F64
    bits: U8


class Engine(Protocol):
    """The steps of the stage that are worth compiling. `_reference.py` says what each one does.

    Engines agree within `ENGINE_TOLERANCE` of the power of a hop.
    """

    def hops(self, samples: F32, memory: F64, layout: Layout, into: Hops, *, side_by_side: bool = False) -> F64:
        """Filter one channel and add up energy and sum of each hop."""
        ...

    def slow(self, hops: Hops, memory: F64, layout: Layout) -> tuple[F64, F64]:
        """Energy per hop of what is slower than muscle."""
        ...

    def gate(self, energy: F64, slow: F64, first: int, beats: float, gated: U8, layout: Layout) -> float:
        """Mark the hops that a heart beat is in."""
        ...

    def windows(
        self,
        energy: F64,
        bits: U8,
        gated: U8,
        first: int,
        tally: Tally,
        layout: Layout,
        *,
        rest_v: float,
        noise_v: float,
    ) -> tuple[Tally, F32, F64]:
        """Windows into histogram, gaps and envelope; power of whole epochs."""
        ...

    def epochs(self, samples: F32, taper: F32) -> tuple[F32, F64]:
        """Samples less their mean times a taper, and the facts of each epoch."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MuscleState:
    """Everything that changes. One row per channel. Made by `start_muscle`; `to_bytes` saves it.

    Attributes
    ----------
    sampling_rate_hz, references : as given at the start
    start_s : time of the first sample; NaN before it came
    next_s : time at which the next chunk is expected
    memory : filters, and the hop that is under way; see kernel/emg.c
    slow : (n_channels, 4) filter of the gate
    beats : how strong heart beats were lately, in the units of the gate
    samples : (n_samples, n_channels) from the first uncounted hop on
    energy, slow_energy, bits, gated : (n_channels, n_hops) of the context and of the uncounted hops
    runs, last_power, histogram, counts : of kernel/emg.c
    reasons : (n_channels, len(REASONS)) hops not measured, by reason
    epoch_power : (n_channels, sustained window - 1) mean power of the last epochs, V2; NaN where not measured
    spells : (n_channels, 4) epochs measured, under sustained activity, in the spell under way, since the last one
    fatigue : (n_channels, len(FATIGUE)) sums over seconds with a median frequency
    last_frequency : (n_channels,) median frequency of the last second, Hz, or NaN
    n_epochs : epochs counted
    """

    sampling_rate_hz: float
    references: tuple[EmgReference, ...]
    start_s: float
    next_s: float
    memory: F64
    slow: F64
    beats: F64
    samples: F32
    energy: F64
    slow_energy: F64
    bits: U8
    gated: U8
    runs: I64
    last_power: F64
    histogram: U32
    counts: I64
    reasons: I64
    epoch_power: F64
    spells: I64
    fatigue: F64
    last_frequency: F64
    n_epochs: int

    @property
    def n_channels(self) -> int:
        """Channels."""
        return len(self.memory)


@dataclass(frozen=True, slots=True, kw_only=True)
class MuscleBlock:
    """What one block of samples added. Hops are decided a second or two late, when it is known what they are worth.

    Attributes
    ----------
    start_s : start of the first hop
    hop_s, epoch_s : s
    rms_v : (n_hops, n_channels) float32, envelope: RMS over the window that ends with the hop, noise taken off; NaN
        where not measured
    quality : (n_hops, n_channels) `QualityFlag` bits
    median_frequency_hz : (n_epochs, n_channels); NaN where there is too little muscle or too much else
    latest_rms_v : (n_channels,) RMS of the latest window, for showing now: before quality and heart beats are known
    """

    start_s: float
    hop_s: float
    epoch_s: float
    rms_v: F32
    quality: U8
    median_frequency_hz: F64
    latest_rms_v: F64


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplitudeFigures:
    """APDF: static (P10), median (P50) and peak (P90) amplitude, as named by Jonsson."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RestFigures:
    """Rest gaps. `share` is the time in gaps of the measured time."""

    share: float
    gaps: int
    gaps_per_min: float
    mean_s: float | None
    longest_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyFigures:
    """Median frequency of the spectrum, per second, and its slope over time.

    A falling slope goes with tiring only where force and posture stay as they are. The interval is of 95 %, widened
    for neighbouring seconds being alike.
    """

    mean_hz: float
    seconds: int
    slope_hz_per_min: float | None
    slope_low: float | None
    slope_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MuscleFigures:
    """The figures of one channel. What was not measured is None, and `notes` says why.

    Attributes
    ----------
    recorded_s, measured_s : counted, and good enough to be measured
    not_measured_s : by name of the `QualityFlag`; a moment can have several
    gated_share : of the measured time, how much lay around heart beats
    normalisation, ecg, window_s, band_hz : how the numbers were made; belong beside them wherever they are shown
    noise_rms_v : what was taken off; None where nobody measured it
    quietest_rms_v : P2 of the RMS before noise is taken off
    amplitude_v, amplitude_percent : APDF
    rest, sustained_share : of the measured time
    """

    recorded_s: float
    measured_s: float
    not_measured_s: dict[str, float]
    gated_share: float
    normalisation: Normalisation
    ecg: str
    window_s: float
    band_hz: tuple[float, float]
    noise_rms_v: float | None
    quietest_rms_v: float | None
    amplitude_v: AmplitudeFigures | None
    amplitude_percent: AmplitudeFigures | None
    rest: RestFigures | None
    sustained_share: float | None
    frequency: FrequencyFigures | None
    notes: tuple[str, ...]
