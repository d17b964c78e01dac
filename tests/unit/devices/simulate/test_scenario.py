"""Scenarios: read from names, files and plain data; what is wrong is told in one sentence with key and value."""

from pathlib import Path
from typing import Any

import pytest

from upperback.core.errors import InputError
from upperback.devices.simulate import Simulation, built_in_names, load_scenario, read_scenario

STAND = {"do": "stand", "duration_s": 5}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "missing required field activities"),
        ({"activities": []}, "activities: expected array of length >= 1"),
        ({"activities": [{"do": "dance"}]}, "activities.0.do: invalid value 'dance'"),
        (
            {"activities": [{"do": "stand", "duration_s": "long"}]},
            "activities.0.duration_s: expected float, got str, not long",
        ),
        ({"activities": [{"do": "stand", "duration_s": -3}]}, "activities.0.duration_s: expected float > 0.0, not -3"),
        ({"activities": [{**STAND, "lean": 3}]}, "activities.0: object contains unknown field lean"),
        (
            {"activities": [STAND], "sensors": [{"mount_deg": [1, 2]}]},
            "sensors.0.mount_deg: expected array of length 3",
        ),
        ({"activities": [STAND], "sensors": [{"place": "toe"}]}, "sensors.0.place: invalid enum value 'toe'"),
        ({"activities": [STAND], "sensors": [{}, {}]}, "sensors: the name chest is given twice"),
        ({"activities": [{"do": "exercise", "id": "X1"}]}, "activities.0.id"),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as error:
        read_scenario(data, name="mine")
    assert error.value.message.startswith("mine: ")
    assert words in error.value.message
    assert "\n" not in error.value.message


@pytest.mark.parametrize("name", built_in_names())
def test_every_built_in_scenario_can_be_planned(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.about.endswith(".")
    assert Simulation(scenario, 1).duration_s > 60


def test_the_week_is_a_week() -> None:
    assert Simulation(load_scenario("week"), 1).duration_s == pytest.approx(7 * 24 * 3600, rel=0.01)


def test_yaml_and_json_mean_the_same(tmp_path: Path) -> None:
    yaml, json = tmp_path / "day.yaml", tmp_path / "day.json"
    yaml.write_text("activities:\n  - {do: stand, duration_s: 5}\n")
    json.write_text('{"activities": [{"do": "stand", "duration_s": 5}]}')
    assert load_scenario(str(yaml)) == load_scenario(str(json))


def test_single_values_are_set() -> None:
    scenario = load_scenario(
        "office-day", ["sensors.0.sampling_rate_hz=100", "sensors.0.flaws=none", "wearer.height_cm=160", "about=Mine."]
    )
    assert scenario.sensors[0].sampling_rate_hz == 100
    assert scenario.sensors[0].flaws == "none"
    assert scenario.wearer.height_cm == 160
    assert scenario.about == "Mine."


@pytest.mark.parametrize("setting", ["sensors.7.place=chest", "about", "=3", "sensors.0.name.x=3", "nowhere=3"])
def test_a_setting_that_fits_nowhere_is_refused(setting: str) -> None:
    with pytest.raises(InputError, match=r"set |unknown field"):
        load_scenario("office-day", [setting])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither a file nor one of the scenarios"):
        load_scenario(str(tmp_path / "no.yaml"))


def test_a_broken_file_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("activities:\n  - {do: stand, do: sit}\n")
    with pytest.raises(InputError, match=r"bad.yaml:2"):
        load_scenario(str(path))
