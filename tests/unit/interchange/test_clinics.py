"""Lists of clinics: taken whole, from a table or from FHIR, with the place of what is wrong."""

import json
from typing import Any

import pytest

from upperback.core.errors import InputError
from upperback.interchange.clinics import read_clinics

HEAD = "name,place,postcode,registration,latitude,longitude,phone,link,price,first_conversation,access,languages,note"
GOOD = (
    'Back & Co,Leeds,LS1 1AA,HCPC PH000001,53.8,-1.55,0113 496 0000,https://back.example,"£60, 45 minutes",yes,'
    "step_free; online,English; Polski,<b>Hello</b>"
)


def test_a_table() -> None:
    (one,) = read_clinics(f"\ufeff{HEAD}\r\n{GOOD}\r\n,,,,,,,,,,,,\r\n".encode())
    assert (one.name, one.place, one.price, one.first_conversation) == ("Back & Co", "Leeds", "£60, 45 minutes", True)
    assert (one.access, one.languages) == (("step_free", "online"), ("English", "Polski"))
    assert one.note == "<b>Hello</b>"
    (few,) = read_clinics(b"name,place,phone\nA clinic,York,01904 000000\n")
    assert (few.first_conversation, few.registration, few.latitude) == (None, "", None)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "line 1"), (b"name,place\n", "no clinic in it"), (b"name,town\nA,B\n", "no column “town”"),
        (b"name,phone\nA,1\n", "the column “place” is missing"), (b"name,place,name\n", "twice"),
        (b"name,place\nA clinic,York\n", "line 2: a telephone number"),
        (b"name,place,phone\nA clinic,York\n", "line 2: 3 cells"),
        (b"name,place,phone\nA clinic,York,call me\n", "line 2: phone"),
        (b"name,place,link\nA clinic,York,javascript:alert(1)\n", "line 2: link"),
        (b"name,place,link\nA clinic,York,http://x.example\n", "line 2: link"),
        (b"name,place,phone,latitude\nA clinic,York,01904 0,53\n", "belong together"),
        (b"name,place,phone,latitude,longitude\nA clinic,York,01904 0,530,1\n", "line 2: latitude"),
        (b"name,place,phone,latitude,longitude\nA clinic,York,01904 0,north,1\n", "is no number"),
        (b"name,place,phone,latitude,longitude\nA clinic,York,01904 0,nan,1\n", "latitude"),
        (b"name,place,phone,first_conversation\nA clinic,York,01904 0,maybe\n", "write yes or no"),
        (b"name,place,phone,access\nA clinic,York,01904 0,stairs\n", "line 2: access"),
        (b"name,place\n" + b"x,y\n" * 5001, "more than 5,000"), (b"\xff\xfe", "no CSV"), (b"x" * (5 << 20), "larger"),
        (b"{", "not JSON"), (b'{"resourceType": "Patient"}', "no FHIR bundle"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_as_a_whole(data: bytes, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read_clinics(data)
    assert words in refused.value.message
    assert "`" not in refused.value.message, "in words of whoever made the list"


def test_fhir() -> None:
    service: dict[str, Any] = {
        "resourceType": "HealthcareService", "name": "Back & Co", "extraDetails": "£60, 45 minutes",
        "identifier": [{"value": "HCPC PH000001"}], "location": [{"reference": "Location/l"}],
        "telecom": [{"system": "phone", "value": "0113 496 0000"}, {"system": "url", "value": "https://back.example"}],
        "communication": [{"text": "Polski"}],
        "characteristic": [{"text": "step_free"}, {"coding": [{"code": "first_conversation"}]}, {"text": "other"}],
    }  # fmt: skip
    place = {
        "resourceType": "Location", "id": "l", "address": {"city": "Leeds", "postalCode": "LS1 1AA"},
        "position": {"latitude": 53.8, "longitude": -1.55},
    }  # fmt: skip
    closed = service | {"active": False}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in (service, place, closed)]}
    (one,) = read_clinics(json.dumps(bundle).encode())
    assert (one.name, one.place, one.latitude, one.first_conversation) == ("Back & Co", "Leeds", 53.8, True)
    assert (one.access, one.languages, one.link) == (("step_free",), ("Polski",), "https://back.example")
    del service["location"]
    with pytest.raises(InputError, match=r"entry 1 .HealthcareService.: place"):
        read_clinics(json.dumps(bundle).encode())
