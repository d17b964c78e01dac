"""Exercise figures: valid pictures that stay on the floor, inside what a body can do, and free of style attributes."""

import re
from xml.etree import ElementTree as ET

import msgspec
import pytest

from upperback.content import figure_body as anatomy
from upperback.content.figure_body import SIDES, Rig, Skeleton
from upperback.content.figure_space import Camera, Vec, angle_between_deg, bend_between, blended
from upperback.content.load import content_folder, documents
from upperback.content.models import Exercise
from upperback.web.figures import HEIGHT, WIDTH, figure_block, moving_figure, still_figures, timing_of

EXERCISES = {
    exercise.id: exercise
    for exercise in (
        msgspec.convert(document.data, Exercise, strict=True) for document in documents(content_folder(), "exercises")
    )
}
SVG = "{http://www.w3.org/2000/svg}"
WAY = [step / 10 for step in range(11)]

each = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


def bodies(exercise: Exercise) -> list[Skeleton]:
    """The body at ten moments on the way out, to each side that is shown."""
    rigs = [Rig(exercise.figure)]
    if anatomy.goes_both_ways(exercise.figure):
        rigs.append(Rig(exercise.figure, to_other_side=True))
    return [rig.at(share) for rig in rigs for share in WAY]


# ---- the pictures ----


@each
def test_pictures_are_valid_and_described(exercise: Exercise) -> None:
    for text in (moving_figure(exercise), still_figures(exercise)):
        root = ET.fromstring(text)  # noqa: S314  # our own drawing
        assert root.get("role") == "img"
        titled, described = str(root.get("aria-labelledby")).split()
        title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert title is not None
        assert desc is not None
        assert (title.get("id"), title.text) == (titled, exercise.title)
        assert (desc.get("id"), desc.text) == (described, exercise.figure.words)


@each
def test_pictures_need_no_style_and_no_script(exercise: Exercise) -> None:
    text = figure_block(exercise)
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=|javascript:|(?:fill|stroke|color)=", text)
    assert "NaN" not in text.replace("nan", "NaN").replace("aria-", "")


def test_ids_are_unique_on_a_page_with_all_figures() -> None:
    page = "".join(figure_block(exercise) for exercise in EXERCISES.values())
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == 4 * len(EXERCISES)


@each
def test_every_movement_has_as_many_pictures_as_moments(exercise: Exercise) -> None:
    root = ET.fromstring(moving_figure(exercise))  # noqa: S314  # our own drawing
    moves = list(root.iter(f"{SVG}animate"))
    assert moves, "nothing moves"
    for move in moves:
        times = [float(time) for time in str(move.get("keyTimes")).split(";")]
        values = str(move.get("values")).split(";")
        assert len(times) == len(values)
        assert times == sorted(times)
        assert (times[0], times[-1]) == (0, 1)
        shapes = {re.sub(r"-?[\d.]+", "0", value) for value in values}
        assert len(shapes) == 1, "the pictures of a shape have to be built alike"


@each
def test_the_figure_stays_inside_its_picture(exercise: Exercise) -> None:
    if "view_zoom" in exercise.figure.start:
        pytest.skip("shows the upper part only")
    root = ET.fromstring(still_figures(exercise))  # noqa: S314  # our own drawing
    for circle in root.iter(f"{SVG}circle"):
        x, y, r = (float(str(circle.get(name))) for name in ("cx", "cy", "r"))
        assert r - 1 <= x <= WIDTH - r + 1
        assert r - 1 <= y <= HEIGHT - r + 1


@each
def test_a_repetition_follows_the_tempo(exercise: Exercise) -> None:
    timing = timing_of(exercise)
    tempo = exercise.tempo
    end = timing.seconds[timing.shares.index(1.0)]
    assert end == pytest.approx(tempo.out_s)
    assert timing.shares[0] == 0
    assert timing.shares[-1] in (0, 2)


# ---- the body ----


@each
def test_nothing_sinks_into_the_floor(exercise: Exercise) -> None:
    for body in bodies(exercise):
        for name, point in body.points.items():
            least = anatomy.HEAD_RADIUS - 1.5 if name == "head" else 1.5
            assert point.z >= least, f"{name} at {point.z:.1f}"


@each
def test_what_carries_the_person_stays_put(exercise: Exercise) -> None:
    """Feet, knees, seat or back keep their place all the way, to half a hundredth of body height."""
    rig = Rig(exercise.figure)
    for name in carrying(exercise, rig):
        places = [rig.at(share)[name] for share in WAY]
        for place in places:
            assert place.minus(places[0]).length() < 0.5, name


def carrying(exercise: Exercise, rig: Rig) -> list[str]:
    figure = exercise.figure
    both = {
        "standing": ["toe_l", "toe_r"],
        "plank_wall": ["toe_l", "toe_r"],
        "seated": ["hip_l", "hip_r", "toe_l", "toe_r"],
        "heels": ["knee_l", "knee_r", "toe_l", "toe_r"],
        "plank_knees": ["knee_l", "knee_r", "toe_l", "toe_r"],
        "face_up": ["hip_l", "toe_l", "toe_r"],
        "face_down": ["toe_l", "toe_r"],
        "side_lying": ["hip_l", "hip_r", "knee_l", "knee_r", "ankle_l", "ankle_r"],
        "hands_and_knees": ["knee_l", "knee_r", "toe_l", "toe_r"],
    }[figure.posture]
    if "gait" in figure.start:
        return []
    if figure.posture == "face_down" and rig.start["fore_l"]:
        both = []  # propped on the forearms, the legs glide
    if exercise.id == "ST07":
        both = ["knee_r", "toe_r"]  # the left leg reaches out
    for side in SIDES:
        if rig.start[f"fore_{side}"]:
            both = [*both, f"elbow_{side}", f"wrist_{side}"]
        elif rig.start[f"rest_{side}"] and rig.end[f"rest_{side}"]:
            both = [*both, f"wrist_{side}"]
    return both


def test_the_bird_dog_reaches_out_level() -> None:
    rig = Rig(EXERCISES["ST07"].figure)
    reached = rig.at(1)
    assert abs(reached["toe_l"].z - reached["hip_l"].z) < 4
    assert abs(reached["wrist_r"].z - reached["shoulder_r"].z) < 8


@each
def test_limbs_keep_their_length(exercise: Exercise) -> None:
    lengths = {
        ("shoulder", "elbow"): anatomy.UPPER_ARM,
        ("elbow", "wrist"): anatomy.FOREARM,
        ("hip", "knee"): anatomy.THIGH,
        ("knee", "ankle"): anatomy.SHANK,
    }
    for body in bodies(exercise):
        for (one, other), length in lengths.items():
            for side in SIDES:
                found = body[f"{one}_{side}"].minus(body[f"{other}_{side}"]).length()
                assert found == pytest.approx(length, abs=1.3), f"{one}-{other} {side}"


@each
def test_joints_stay_inside_human_limits(exercise: Exercise) -> None:
    for body in bodies(exercise):
        for side in SIDES:
            shoulder, elbow, wrist, _ = body.limb(f"arm_{side}")
            hip, knee, ankle, _ = body.limb(f"leg_{side}")
            assert angle_between_deg(elbow.minus(shoulder), wrist.minus(elbow)) <= 155
            assert angle_between_deg(knee.minus(hip), ankle.minus(knee)) <= 160
    for pose in (Rig(exercise.figure).start, Rig(exercise.figure).end):
        assert -30 <= pose["thx"] <= 60
        assert abs(pose["yaw"]) <= 50
        assert abs(pose["lean"]) <= 40
        assert -40 <= pose["neck"] <= 40
        for side in SIDES:
            assert -65 <= pose[f"elev_{side}"] <= 195
            assert -60 <= pose[f"plane_{side}"] <= 150
            assert 0 <= pose[f"el_{side}"] <= 150


def test_a_misspelt_joint_is_found() -> None:
    with pytest.raises(KeyError, match="elbwo"):
        anatomy.normal_pose("standing", {"elbwo": 10})


def test_the_mirrored_pose_of_a_mirrored_pose_is_the_pose() -> None:
    for exercise in EXERCISES.values():
        pose = Rig(exercise.figure).end
        assert anatomy.mirrored_pose(anatomy.mirrored_pose(pose)) == pose


# ---- the space ----


def test_camera_looks_from_where_it_is_told() -> None:
    assert Camera(0, 0).flat(Vec(0, 1, 2)) == pytest.approx((1, -2))  # from the front, left is on the right
    assert Camera(-90, 0).flat(Vec(3, 0, 2)) == pytest.approx((3, -2))  # from the right side, ahead is on the right
    assert Camera(180, 90).flat(Vec(3, 1, 0)) == pytest.approx((-1, -3))  # from above, ahead is up


def test_a_bent_limb_reaches_its_target() -> None:
    elbow = bend_between(Vec(0, 0, 0), Vec(20, 0, 0), 16, 14, Vec(0, 0, -1))
    assert elbow.length() == pytest.approx(16)
    assert elbow.minus(Vec(20, 0, 0)).length() == pytest.approx(14)
    assert elbow.z < 0


def test_directions_blend_along_the_short_way() -> None:
    half = blended(Vec(1, 0, 0), Vec(0, 0, 1), 0.5)
    assert half == pytest.approx((0.5**0.5, 0, 0.5**0.5))
