"""PHQ-4: two questions about mood and two about worry, for the last two weeks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from upperback.core.errors import InputError

ITEMS = 4
ITEM_MOST = 3
SUBSCALE_POSITIVE = 3

Level = Literal["none", "mild", "moderate", "severe"]


@dataclass(frozen=True, slots=True)
class Phq4:
    """A complete PHQ-4. `worry` is the GAD-2 part, `mood` the PHQ-2 part, each 0-6."""

    total: int
    worry: int
    mood: int

    @property
    def level(self) -> Level:
        """Band of the total: 0-2 none, 3-5 mild, 6-8 moderate, 9-12 severe."""
        if self.total >= 9:
            return "severe"
        if self.total >= 6:
            return "moderate"
        return "mild" if self.total >= 3 else "none"

    @property
    def mood_positive(self) -> bool:
        """Whether the mood part reaches its cut-off."""
        return self.mood >= SUBSCALE_POSITIVE

    @property
    def worry_positive(self) -> bool:
        """Whether the worry part reaches its cut-off."""
        return self.worry >= SUBSCALE_POSITIVE


def score_phq4(items: Sequence[int | None]) -> Phq4 | None:
    """The score of nervous, worrying, little pleasure, feeling low, in this order; None where an item is missing.

    Raises
    ------
    InputError : not four items, or an item that is not 0, 1, 2 or 3.

    References
    ----------
    .. [1] Kroenke K, Spitzer RL, Williams JBW, Lowe B. An ultra-brief screening scale for anxiety and
       depression: the PHQ-4. Psychosomatics 2009;50:613-21. doi:10.1176/appi.psy.50.6.613
    .. [2] Kroenke K, Spitzer RL, Williams JBW. The Patient Health Questionnaire-2. Med Care 2003;41:1284-92.
       doi:10.1097/01.MLR.0000093487.78664.3C
    """
    if len(items) != ITEMS:
        raise InputError(f"phq4: {len(items)} items; expected {ITEMS}", key="phq4")
    known = [item for item in items if item is not None]
    for item in known:
        if isinstance(item, bool) or item not in range(ITEM_MOST + 1):
            raise InputError(f"phq4: “{item}” is not possible; expected 0, 1, 2 or 3", key="phq4")
    if len(known) != ITEMS:
        return None
    return Phq4(total=sum(known), worry=known[0] + known[1], mood=known[2] + known[3])
