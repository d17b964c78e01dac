"""Every small mistake in a rule is noticed: by a case, by the second reading of the sheet, or it is none (z3)."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from tests.property.mutants import Judge, Mutant, Workshop
from upperback.content import conditions as c
from upperback.content.vocabulary import default_content

CONTENT = default_content()
WORKSHOP = Workshop(CONTENT)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(WORKSHOP, dice=np.random.default_rng(62))


def verdict(mutant: Mutant, judge: Judge) -> str:
    """What settles it, the quick looks first."""
    if judge.caught_by_the_sheet(mutant):
        return "sheet"
    if judge.caught_by_a_case(mutant):
        return "case only"
    if judge.means_the_same(mutant):
        return "same"
    return "combinations" if judge.caught_by_every_combination(mutant) else "survived"


def test_every_mutant_is_caught(judge: Judge, tell: Callable[[str], None]) -> None:
    mutants = list(WORKSHOP.every_mutant())
    verdicts = [(str(mutant), verdict(mutant, judge)) for mutant in mutants]
    by_cases = sum(judge.caught_by_a_case(mutant) for mutant in mutants)
    count = Counter(settled for _, settled in verdicts)
    kinds = Counter(mutant.place.split()[0] for mutant in mutants)
    tell(f"mutants: {len(mutants):,} ({', '.join(f'{kind} {number:,}' for kind, number in kinds.items())})")
    tell(f"  caught by the stored cases alone      {by_cases:,}")
    tell(f"  caught by the second reading          {count['sheet'] + count['combinations']:,}")
    tell(f"  caught by a stored case only          {count['case only']:,}")
    tell(f"  shown to mean the same in every state {count['same']:,}")
    tell(f"  survivors                             {count['survived']:,}")
    survivors = [name for name, settled in verdicts if settled == "survived"]
    assert not survivors, "nothing notices: " + "; ".join(survivors)
    assert {mutant.place.split()[1] for mutant in mutants} >= set(CONTENT.rules)


def test_a_mistake_that_nothing_notices_survives(judge: Judge) -> None:
    """Control: wrong in states that are in no case and too rare to be generated; z3 does not call it the same."""
    present = ["fever", "gi_bleed", "family_spa", "hand_clumsiness", "swelling_face_hands", "jaundice", "vomiting"]
    absent = ["unwell", "night_sweats", "rigors", "faint", "arthritis", "enthesitis", "psoriasis", "buttock_pain"]
    chosen = ["rash == other", "self_harm == passive", "trauma == strain", "numbness_arms == both"]
    rare = " and ".join([*present, *(f"not {key}" for key in absent), *chosen])
    node = c.parse_condition(f"weight_loss and not no_if_unknown({rare})")
    planted = Mutant("rule G01", "a rare mistake", WORKSHOP.content, conditions={"G01": node})
    assert verdict(planted, judge) == "survived"


def test_another_way_to_say_the_same_is_no_survivor(judge: Judge) -> None:
    """Control: other words for the same rule are shown to be the same."""
    node = c.parse_condition("not (not weight_loss and (fever or not weight_loss))")
    same = Mutant("rule G01", "said in another way", WORKSHOP.content, conditions={"G01": node})
    assert verdict(same, judge) == "same"


def test_nothing_is_the_same_that_differs_for_unknown_answers_only(judge: Judge) -> None:
    """Control: z3 sees the third truth value."""
    node = c.IfUnknown(True, CONTENT.condition(CONTENT.rules["G01"].when))
    mutant = Mutant("rule G01", "unknown counts", WORKSHOP.content, conditions={"G01": node})
    assert not judge.means_the_same(mutant)
    assert judge.caught_by_the_sheet(mutant)
