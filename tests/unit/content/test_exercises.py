"""The exercise library: complete, safe by its tags, and joined up."""

import re

import msgspec
import pytest

from upperback.content.load import content_folder, documents
from upperback.content.models import Chain, Exercise

# The cautions the clinical reference names for each exercise: "!" hides, "~" is a stated swap, "+" adapts.
NAMED = {
    "MV01": "neck_ext! axial_spa! recent_strain!",
    "MV02": "osteoporosis_vf~ recent_strain!",
    "MV03": "osteoporosis_vf~ wrist_load! kneeling! floor_transfer!",
    "MV04": "osteoporosis_vf! wrist_load! shoulder_pain! kneeling! floor_transfer! arm_neuro!",
    "MV05": "shoulder_pain! recent_strain! osteoporosis_vf~ post_surgery!",
    "MV06": "osteoporosis_vf! axial_spa! pregnancy_supine! neck_ext! floor_transfer! post_surgery!",
    "MV07": "osteoporosis_vf! kneeling! floor_transfer! shoulder_pain! pregnancy~",
    "MV08": "",
    "MV09": "",
    "MV10": "shoulder_pain! arm_neuro~ post_surgery!",
    "MV11": "shoulder_pain! hypermobile! arm_neuro! post_surgery!",
    "MV12": "balance_risk~ shoulder_pain! arm_neuro!",
    "MV13": "",
    "MV14": "",
    "MV15": "osteoporosis_vf! kneeling! floor_transfer! shoulder_pain! pregnancy+ arm_neuro!",
    "MV16": "osteoporosis_vf! shoulder_pain!",
    "ST01": "shoulder_pain! recent_strain!",
    "ST02": "recent_strain! breath_hold!",
    "ST03": "wrist_load~",
    "ST04": "wrist_load! shoulder_pain! balance_risk! breath_hold!",
    "ST05": "wrist_load! shoulder_pain! kneeling! floor_transfer! breath_hold! pregnancy+",
    "ST06": "pregnancy_prone! neck_ext! shoulder_pain! arm_neuro! floor_transfer! post_surgery!",
    "ST07": "wrist_load! kneeling! floor_transfer! shoulder_pain! arm_neuro! balance_risk!",
    "ST08": "recent_strain! breath_hold! balance_risk! osteoporosis_vf!",
    "ST09": "osteoporosis_vf! shoulder_pain! recent_strain! breath_hold! balance_risk!",
    "ST10": "shoulder_pain! arm_neuro!",
    "ST11": "shoulder_pain! recent_strain!",
    "ST12": "shoulder_pain! arm_neuro! recent_strain!",
    "ST13": "balance_risk~ recent_strain!",
    "ST14": "pregnancy_supine!",
    "ST15": "pregnancy_prone! neck_ext! floor_transfer! axial_spa! arm_neuro! post_surgery!",
    "ST16": "pregnancy_prone! floor_transfer! neck_ext! post_surgery!",
    "ST17": "pregnancy_prone! shoulder_pain! arm_neuro! neck_ext! floor_transfer!",
    "ST18": "breath_hold! shoulder_pain!",
    "ST19": "kneeling! floor_transfer! breath_hold! shoulder_pain! pregnancy+",
    "ST20": "balance_risk! recent_strain! arm_neuro! osteoporosis_vf~ pregnancy~",
}
EFFECTS = {"!": "hide", "~": "swap", "+": "adapt"}

EXERCISES = {
    exercise.id: exercise
    for exercise in (
        msgspec.convert(document.data, Exercise, strict=True) for document in documents(content_folder(), "exercises")
    )
}
CHAINS = [
    msgspec.convert(item, Chain, strict=True)
    for document in documents(content_folder(), "chains")
    for item in document.data  # type: ignore[union-attr]  # the file is a list
]


def people_read(exercise: Exercise) -> list[str]:
    """Every text of an exercise that a person reads."""
    return [
        *(exercise.title, exercise.purpose, exercise.feel, exercise.breathing, exercise.figure.words),
        *(*exercise.steps, *exercise.mistakes, *exercise.muscles, *exercise.equipment_instead),
        *(caution.how for caution in exercise.cautions if caution.how),
        *(variant.how for variant in (*exercise.easier, *exercise.harder)),
    ]


def test_the_library_is_complete() -> None:
    assert list(EXERCISES) == [*(f"MV{n:02}" for n in range(1, 17)), *(f"ST{n:02}" for n in range(1, 21))]
    assert all((item.kind == "movement") == (item.id[:2] == "MV") for item in EXERCISES.values())


@pytest.mark.parametrize("id", NAMED)
def test_every_named_caution_has_its_effect(id: str) -> None:
    tags = {caution.tag: caution.effect for caution in EXERCISES[id].cautions}
    for named in NAMED[id].split():
        assert tags[named[:-1]] == EFFECTS[named[-1]], named


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_cautions_are_named_once_and_swaps_say_how(exercise: Exercise) -> None:
    tags = [caution.tag for caution in exercise.cautions]
    assert len(tags) == len(set(tags))
    assert all(caution.how for caution in exercise.cautions if caution.effect == "swap")


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_a_position_brings_its_own_cautions(exercise: Exercise) -> None:
    tags = {caution.tag for caution in exercise.cautions}
    if exercise.positions == ("floor",):
        assert "floor_transfer" in tags
    if exercise.figure.posture in ("hands_and_knees", "plank_knees", "heels", "kneeling"):
        assert "kneeling" in tags
    if exercise.figure.posture == "face_up":
        assert "pregnancy_supine" in tags
    if exercise.figure.posture == "face_down":
        assert {"pregnancy_prone", "neck_ext"} <= tags


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_easier_and_harder_forms_exist(exercise: Exercise) -> None:
    for variant in (*exercise.easier, *exercise.harder):
        assert variant.exercise is None or variant.exercise in EXERCISES
        assert variant.exercise != exercise.id


def test_chains_go_upwards_through_exercises_that_exist() -> None:
    for chain in CHAINS:
        known = [EXERCISES[step] for step in chain.steps if re.fullmatch(r"(MV|ST)\d\d", step)]
        assert known, chain.id
        levels = [exercise.level for exercise in known]
        assert levels == sorted(levels), chain.id


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_dose_and_tempo_fit(exercise: Exercise) -> None:
    tempo = exercise.tempo
    assert (tempo.hold_s is not None) == (exercise.dose == "hold")
    assert 1 <= tempo.out_s <= 4
    assert 0 <= tempo.pause_s <= 5
    if exercise.sensor.repetition_s and exercise.dose == "repetitions":
        assert tempo.out_s + tempo.pause_s + tempo.back_s == pytest.approx(exercise.sensor.repetition_s, abs=0.01)


UNKIND = re.compile(
    r"\b(bad posture|weak\w*|worn|failure|should have|wrong|don't|must not|damage\w*|correct posture|perfect form)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_words_are_kind_and_sentences_short(exercise: Exercise) -> None:
    assert len(exercise.steps) == 4
    for text in people_read(exercise):
        assert not UNKIND.search(text), text
        assert all(len(sentence.split()) <= 27 for sentence in re.split(r"[.!?]", text)), text
