"""What a simulated wearer is like, wears and does: the scenario, read from a file, a name or plain data.

Every value has a default. Units are in the names; angles are + forward, + to the right, + turned to the left.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from upperback.content.strict_yaml import read_document
from upperback.core.errors import ContentError, InputError
from upperback.interchange.strict_json import parse_object

Place: TypeAlias = Literal["chest", "upper_back", "lower_thoracic", "upper_arm_left", "upper_arm_right"]
Base: TypeAlias = Literal["standing", "seated", "back", "front", "left_side", "right_side"]

Angle: TypeAlias = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=31_622_400)]
NotNegative: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Share: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a scenario: a key that is not known is refused."""


class Flaws(_Part, frozen=True, kw_only=True):
    """How a real sensor differs from a perfect one. Biases, scales and misalignments are drawn with these sizes."""

    acc_noise_ug_rthz: NotNegative = 150.0
    gyr_noise_dps_rthz: NotNegative = 0.01
    acc_bias_mg: NotNegative = 10.0
    gyr_bias_dps: NotNegative = 0.5
    acc_walk_mg_rth: NotNegative = 0.5  # wander of the bias, per root of an hour
    gyr_walk_dps_rth: NotNegative = 0.1
    scale_pct: NotNegative = 0.5
    misalignment_deg: NotNegative = 0.3  # between the sensor's own axes
    acc_range_g: Annotated[float, msgspec.Meta(gt=0)] = 8.0
    gyr_range_dps: Annotated[float, msgspec.Meta(gt=0)] = 2000.0
    bits: Annotated[int, msgspec.Meta(ge=0, le=32)] = 16  # 0: no steps
    rate_error_pct: Annotated[float, msgspec.Meta(ge=-20, le=20)] = 0.0
    jitter_ms: NotNegative = 0.0
    wobble_deg: NotNegative = 0.3  # soft tissue, shaken by each step
    skin_slip: Share = 0.03  # share of the bend of the upper back that the skin does not follow
    rewear_deg: NotNegative = 5.0  # how differently it sits after it was taken off


#: A sensor as mathematics has it.
PERFECT = Flaws(
    acc_noise_ug_rthz=0,
    gyr_noise_dps_rthz=0,
    acc_bias_mg=0,
    gyr_bias_dps=0,
    acc_walk_mg_rth=0,
    gyr_walk_dps_rth=0,
    scale_pct=0,
    misalignment_deg=0,
    acc_range_g=1e6,
    gyr_range_dps=1e6,
    bits=0,
    wobble_deg=0,
    skin_slip=0,
    rewear_deg=0,
)


class Sensor(_Part, frozen=True, kw_only=True):
    """One inertial sensor. Unturned, its x axis points along trunk or arm to the head, its z axis out of the skin."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,30}$")] = "chest"
    place: Place = "chest"
    sampling_rate_hz: Annotated[float, msgspec.Meta(ge=1, le=2000)] = 50.0
    gyroscope: bool = True
    mount_deg: tuple[Angle, Angle, Angle] = (
        0.0,
        0.0,
        0.0,
    )  # turned on about its own z, then y, then x axis; as x, y, z
    stamps: Literal["counted", "clock"] = "counted"  # time by its own count, or the true moment of each sample
    flaws: Flaws | Literal["none", "typical"] = "typical"

    @property
    def known_flaws(self) -> Flaws:
        """The flaws with a name looked up."""
        if isinstance(self.flaws, Flaws):
            return self.flaws
        return PERFECT if self.flaws == "none" else Flaws()


class Gap(_Part, frozen=True, kw_only=True):
    """From `at_s` on, nothing is received; or an electrode is loose."""

    at_s: NotNegative
    duration_s: Seconds


class EmgChannel(_Part, frozen=True, kw_only=True):
    """One muscle with its electrodes."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,30}$")] = "trapezius_right"
    reference_uv: NotNegative = 400.0  # root mean square in the reference contraction
    share: NotNegative = 1.0  # of the effort of the activities; a stated contraction is done by every muscle
    noise_uv: NotNegative = 2.5  # of electrode and amplifier
    heart_uv: NotNegative = 0.0  # height of a heart beat
    hum_uv: NotNegative = 0.0  # mains, root mean square
    drift_uv: NotNegative = 0.0  # slow movement of the skin, root mean square


class Emg(_Part, frozen=True, kw_only=True):
    """Surface EMG, all channels in one amplifier. The effort comes from the activities."""

    sampling_rate_hz: Annotated[float, msgspec.Meta(ge=200, le=10_000)] = 1000.0
    channels: Annotated[tuple[EmgChannel, ...], msgspec.Meta(min_length=1, max_length=16)] = (EmgChannel(),)
    band_hz: tuple[NotNegative, NotNegative] = (10.0, 450.0)
    fatigue_pct_per_hour: NotNegative = 0.0  # fall of every frequency
    unevenness: Share = 0.15  # how much the effort fluctuates
    rests_per_min: NotNegative = 0.0  # moments without any effort, beside those of the activities
    rest_s: tuple[Seconds, Seconds] = (0.4, 2.0)
    heart_per_min: Annotated[float, msgspec.Meta(ge=20, le=240)] = 68.0
    mains_hz: Literal[50, 60] = 50
    rail_mv: Annotated[float, msgspec.Meta(gt=0)] = 5.0
    bits: Annotated[int, msgspec.Meta(ge=0, le=32)] = 16  # 0: no steps
    loose: tuple[Gap, ...] = ()


class Wearer(_Part, frozen=True, kw_only=True):
    """The person."""

    height_cm: Annotated[float, msgspec.Meta(ge=50, le=250)] = 172.0
    breathing_per_min: Annotated[float, msgspec.Meta(ge=1, le=60)] = 14.0
    breathing_deg: NotNegative = 0.8
    sway_deg: NotNegative = 0.4
    tremor_deg: NotNegative = 0.01


class Faults(_Part, frozen=True, kw_only=True):
    """What goes wrong between sensor and file."""

    gaps: tuple[Gap, ...] = ()
    gaps_per_hour: NotNegative = 0.0
    gap_s: tuple[Seconds, Seconds] = (2.0, 30.0)
    packet_samples: Count = 25
    packet_loss: Share = 0.0
    late_share: Share = 0.0  # of the packets
    late_s: NotNegative = 1.0  # mean


class _Active(_Part, frozen=True, kw_only=True):
    effort_pct: Annotated[float, msgspec.Meta(ge=0, le=200)] | None = None  # of the muscle; None: usual for it


class _Posed(_Active, frozen=True, kw_only=True):
    flexion_deg: Angle = 0.0
    lateral_deg: Angle = 0.0
    axial_deg: Angle = 0.0
    curve_deg: Angle = 0.0  # extra bend of the upper against the lower thoracic spine
    arm_deg: Angle = 5.0  # both arms raised forward


class Stand(_Posed, tag_field="do", tag="stand", frozen=True, kw_only=True):
    """Standing still."""

    duration_s: Seconds


class Sit(_Posed, tag_field="do", tag="sit", frozen=True, kw_only=True):
    """Sitting, as at a desk: the upper back rounds slowly, and the person shifts now and then and sits up."""

    duration_s: Seconds
    arm_deg: Angle = 35.0
    slouch_deg: Angle = 0.0  # what flexion gains between two shifts
    shifts_per_hour: NotNegative = 0.0
    shift_deg: NotNegative = 4.0


class Lie(_Active, tag_field="do", tag="lie", frozen=True, kw_only=True):
    """Lying on back, front or a side."""

    duration_s: Seconds
    position: Literal["back", "front", "left_side", "right_side"] = "back"


class Bend(_Posed, tag_field="do", tag="bend", frozen=True, kw_only=True):
    """Bending down and coming up again, as to the floor."""

    times: Count = 1
    flexion_deg: Angle = 80.0
    down_s: Seconds = 1.6
    hold_s: NotNegative = 0.5
    up_s: Seconds = 1.6
    rest_s: NotNegative = 2.0
    variation: Share = 0.05
    arm_deg: Angle = 60.0
    base: Literal["standing", "seated"] = "standing"


class Lift(Bend, tag_field="do", tag="lift", frozen=True, kw_only=True):
    """Picking something up and putting it down elsewhere: bend, come up slowly, turn."""

    up_s: Seconds = 2.4
    curve_deg: Angle = 15.0
    turn_deg: Angle = 30.0


class Walk(_Active, tag_field="do", tag="walk", frozen=True, kw_only=True):
    """Walking, with stops and turns."""

    duration_s: Seconds
    cadence_per_min: Annotated[float, msgspec.Meta(ge=30, le=240)] = 110.0
    lean_deg: Angle = 3.0
    bounce: NotNegative = 1.0  # times the usual up and down
    pause_every_s: NotNegative = 0.0  # 0: never
    pause_s: Seconds = 5.0
    turns_per_min: NotNegative = 1.0


class Stairs(_Active, tag_field="do", tag="stairs", frozen=True, kw_only=True):
    """Up or down a staircase, floor by floor."""

    duration_s: Seconds
    up: bool = True
    cadence_per_min: Annotated[float, msgspec.Meta(ge=30, le=240)] = 95.0
    flight_s: Seconds = 8.0


class Drive(_Posed, tag_field="do", tag="drive", frozen=True, kw_only=True):
    """Sitting in a vehicle that shakes."""

    duration_s: Seconds
    flexion_deg: Angle = -12.0
    arm_deg: Angle = 55.0
    vibration_mps2: NotNegative = 0.5  # root mean square, up and down
    traffic_mps2: NotNegative = 0.6  # braking, speeding up, bends


class Phone(_Active, tag_field="do", tag="phone", frozen=True, kw_only=True):
    """Looking down at a phone."""

    duration_s: Seconds
    base: Literal["standing", "seated"] = "seated"
    flexion_deg: Angle = 18.0
    curve_deg: Angle = 14.0


class Exercise(_Active, tag_field="do", tag="exercise", frozen=True, kw_only=True):
    """Repetitions of an exercise of the content, by the poses of its figure and the range it states."""

    id: Annotated[str, msgspec.Meta(pattern=r"^(MV|ST)[0-9]{2}$")]
    repetitions: Count = 10
    sets: Count = 1
    rest_s: NotNegative = 20.0  # between sets
    tempo: Annotated[float, msgspec.Meta(gt=0.1, le=10)] = 1.0  # 2: twice as slow
    range: Annotated[float, msgspec.Meta(ge=-2, le=3)] = 0.5  # 0: the low end of the stated range, 1: the high end
    range_deg: Annotated[float, msgspec.Meta(ge=0, le=180)] | None = None  # instead of `range`
    variation: Share = 0.08  # deviation of range and tempo from one repetition to the next
    side: Literal["as_drawn", "other"] = "as_drawn"


class Contract(_Active, tag_field="do", tag="contract", frozen=True, kw_only=True):
    """Standing and pressing against something with a known effort, as for a reference contraction."""

    times: Count = 3
    effort_pct: Annotated[float, msgspec.Meta(ge=0, le=200)] = 100.0
    ramp_s: Annotated[float, msgspec.Meta(ge=0.05, le=60)] = 0.7
    hold_s: Seconds = 4.0
    rest_s: Seconds = 6.0


class Table(_Active, tag_field="do", tag="table", frozen=True, kw_only=True):
    """Not worn: every sensor lies on a table. Put on again, it sits a little differently."""

    duration_s: Seconds


class Align(_Active, tag_field="do", tag="align", frozen=True, kw_only=True):
    """The standard tasks that tell how a sensor sits: stand tall, bend forward, bend to both sides."""

    stand_s: Seconds = 6.0
    bends: Count = 3
    flexion_deg: Angle = 60.0
    lateral_deg: Angle = 20.0


class Repeat(_Part, tag_field="do", tag="repeat", frozen=True, kw_only=True):
    """The same again and again."""

    times: Count
    activities: tuple["Activity", ...]


Single: TypeAlias = (
    Stand | Sit | Lie | Bend | Lift | Walk | Stairs | Drive | Phone | Exercise | Contract | Table | Align
)
Activity: TypeAlias = Single | Repeat


class Scenario(_Part, frozen=True, kw_only=True):
    """A stated wearer and day."""

    about: str = ""
    start_s: NotNegative = 0.0  # time of the first sample: 0, or unix time
    wearer: Wearer = Wearer()
    sensors: Annotated[tuple[Sensor, ...], msgspec.Meta(max_length=8)] = (Sensor(),)
    emg: Emg | None = None
    faults: Faults = Faults()
    activities: Annotated[tuple[Activity, ...], msgspec.Meta(min_length=1)]

    def singles(self) -> Iterator[Single]:
        """The activities in order, repeats written out."""
        yield from _written_out(self.activities)

    def sensor(self, name: str | None) -> Sensor:
        """The sensor of that name; the first without a name. Raises InputError where there is none."""
        for sensor in self.sensors:
            if name in (None, sensor.name):
                return sensor
        raise InputError(f"sensors: there is none called {name or 'anything'}")


def _written_out(activities: Sequence[Activity]) -> Iterator[Single]:
    for activity in activities:
        if isinstance(activity, Repeat):
            for _ in range(activity.times):
                yield from _written_out(activity.activities)
        else:
            yield activity


# ---- reading -----------------------------------------------------------------------------------------------------

BUILT_IN_FOLDER = Path(__file__).parent / "scenarios"


def built_in_names() -> tuple[str, ...]:
    """The scenarios that come along."""
    return tuple(sorted(path.stem for path in BUILT_IN_FOLDER.glob("*.yaml")))


def load_scenario(name_or_path: str, settings: Sequence[str] = ()) -> Scenario:
    """A built-in scenario by its name, or a YAML or JSON file, with single values set by `KEY=VALUE`.

    Raises InputError that names file, key and value.
    """
    path = Path(name_or_path)
    if name_or_path in built_in_names():
        path = BUILT_IN_FOLDER / f"{name_or_path}.yaml"
    elif not path.is_file():
        raise InputError(f"{name_or_path}: neither a file nor one of the scenarios {', '.join(built_in_names())}")
    data = _read(path, name_or_path)
    for setting in settings:
        _put(data, setting)
    return read_scenario(data, name=name_or_path)


def _read(path: Path, name: str) -> Any:
    try:
        if path.suffix == ".json":
            return parse_object(path.read_bytes())
        return read_document(path, name).data
    except ContentError as error:
        raise InputError(error.message) from error
    except InputError as error:
        raise InputError(f"{name}: {error.message}") from error
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or 'cannot be read'}") from error


def read_scenario(data: Mapping[str, Any], *, name: str = "scenario") -> Scenario:
    """Plain data as a scenario. Raises InputError that names key and value."""
    try:
        scenario = msgspec.convert(data, Scenario)
    except msgspec.ValidationError as error:
        raise InputError(f"{name}: {_explained(str(error), data)}") from error
    _check_names("sensors", [*(sensor.name for sensor in scenario.sensors), "emg"], name)
    if scenario.emg is not None:
        _check_names("emg.channels", [channel.name for channel in scenario.emg.channels], name)
        low_hz, high_hz = scenario.emg.band_hz
        if not low_hz < min(high_hz, 0.45 * scenario.emg.sampling_rate_hz):
            raise InputError(f"{name}: emg.band_hz: nothing is left of {low_hz} to {high_hz} Hz at this sampling rate")
    elif not scenario.sensors:
        raise InputError(f"{name}: sensors: there is neither a sensor nor EMG")
    return scenario


def _check_names(key: str, names: Sequence[str], file: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{file}: {key}: the name {name} is given twice")


_PLACE = re.compile(r" - at `\$([^`]*)`$")


def _explained(message: str, data: Any) -> str:
    """`Expected ... - at $.a[0].b` as `a.0.b: expected ..., not VALUE`."""
    place = _PLACE.search(message)
    steps = re.findall(r"[^.\[\]]+", place[1]) if place else []
    text = _PLACE.sub("", message).replace("`", "")
    text = text[0].lower() + text[1:]
    value = data
    for step in steps:
        try:
            value = value[int(step)] if isinstance(value, list | tuple) else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            value = None
    told = isinstance(value, dict | list | None) or str(value) in text
    return f"{'.'.join(steps) or 'the scenario'}: {text}{'' if told else f', not {str(value)[:60]}'}"


def _put(data: Any, setting: str) -> None:
    """Sets `a.0.b=value` in plain data; a value is read as JSON where it is JSON, else as text."""
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise InputError(f"--set {setting}: KEY=VALUE is expected, such as sensors.0.sampling_rate_hz=100")
    try:
        value = msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        value = text
    *way, last = key.split(".")
    place = data
    for step in way:
        place = _step(place, step, setting, make=True)
    if isinstance(place, list):
        _step(place, last, setting, make=False)
        place[int(last)] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise InputError(f"--set {setting}: {last} is not inside a group of keys")


def _step(place: Any, step: str, setting: str, *, make: bool) -> Any:
    if isinstance(place, dict):
        return place.setdefault(step, {}) if make else place.get(step)
    if isinstance(place, list) and step.isdigit() and int(step) < len(place):
        return place[int(step)]
    raise InputError(f"--set {setting}: there is no {step} here")
