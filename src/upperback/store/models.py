"""The tables. Internal integer keys, public random UUIDs, aware UTC times handed in by the services.

Clinical rows are append-only: `save` writes a row once and refuses to change it, whoever asks; a correction is a new
row. An open `Screening` or `Assessment` is a draft, changed by one conditional update in the services (right version,
still open) and by nothing else.
"""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from upperback.core.errors import Conflict
from upperback.store.expressions import Alarming
from upperback.store.privacy import Erase, Export, Handling, Privacy

T, P, I, H, S = Privacy.TECHNICAL, Privacy.PREFERENCE, Privacy.IDENTITY, Privacy.HEALTH, Privacy.SENSITIVE  # noqa: E741


class _AppendOnly(models.Model):
    """A row that is written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise Conflict("this record is kept as it was written; a correction is a new record")
        super().save(*args, **kwargs)


class Profile(models.Model):
    """One person of the household, by the name they chose."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "name": I, "language": P, "time_zone": P, "is_proxy": P, "demo": T, "created_at": T,
        },
        Export.WHOLE,
        Erase.ROW,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=60)
    language = models.CharField(max_length=12, default="en-gb")
    time_zone = models.CharField(max_length=40, default="Europe/London", help_text="Decides which day it is.")
    is_proxy = models.BooleanField(default=False, help_text="Somebody else answers for this person.")
    demo = models.CharField(max_length=40, blank=True, default="", help_text="Key of an invented person.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return str(self.uuid)


class Screening(_AppendOnly):
    """One safety check. Open while it is being answered; once finished it never changes."""

    class State(models.TextChoices):
        IN_PROGRESS = "in_progress"
        FINISHED = "finished"

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": T, "by": T, "started_at": T, "answers_since": T, "answers": S, "is_proxy": P,
            "state": T, "release": T, "release_sha256": T, "finished_at": T, "version": T,
        },
        Export.WHOLE,
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="screenings")
    by = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    answers_since = models.DateTimeField(help_text="Since when they hold: first given, or said to hold still.")
    answers = models.JSONField(default=dict)
    is_proxy = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=State.choices, default=State.IN_PROGRESS)
    release = models.CharField(max_length=80)
    release_sha256 = models.CharField(max_length=64)
    finished_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("id",)  # as written: a clock may be put back
        constraints = (
            models.UniqueConstraint(
                fields=["profile"], condition=models.Q(state="in_progress"), name="one_open_screening_per_profile"
            ),
            models.CheckConstraint(
                condition=models.Q(state="in_progress", finished_at__isnull=True)
                | models.Q(state="finished", finished_at__isnull=False),
                name="screening_finished_has_time",
            ),
        )

    def __str__(self) -> str:
        return str(self.uuid)


class Decision(_AppendOnly):
    """What triage decided, with everything it takes to decide it again: findings, rules, release and hash."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "screening": T, "decided_at": T, "findings": S, "declined": S, "disposition": H,
            "complete": T, "rules": S, "record": S, "release": T, "release_sha256": T,
        },
        Export.WHOLE,
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    screening = models.OneToOneField(Screening, on_delete=models.CASCADE, related_name="decision")
    decided_at = models.DateTimeField()
    findings = models.JSONField()
    declined = models.JSONField(default=list)
    disposition = models.CharField(max_length=20)
    complete = models.BooleanField()
    rules = models.JSONField(default=list, help_text="Ids of the fired and of the open rules.")
    record = models.JSONField(help_text="The decision as plain data, as the command line prints it.")
    release = models.CharField(max_length=80)
    release_sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("id",)  # as written: a clock may be put back

    def __str__(self) -> str:
        return str(self.uuid)


class Assessment(_AppendOnly):
    """What the person wants and what their days look like. Never changes once finished."""

    class State(models.TextChoices):
        IN_PROGRESS = "in_progress"
        FINISHED = "finished"

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": T, "by": T, "started_at": T, "finished_at": T, "state": T, "version": T,
            "answers": H, "areas": H, "activities": H, "tasks": H, "day": H, "equipment": P,
            "positions_avoid": H, "goals": H,
            "done": T,
            "skipped": T, "release": T, "release_sha256": T,
        },
        Export.WHOLE,
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="assessments")
    by = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.IN_PROGRESS)
    version = models.PositiveIntegerField(default=1)
    answers = models.JSONField(default=dict, help_text="Answers to the questions of the content, by question id.")
    areas = models.JSONField(default=list, help_text="Ids of the areas of the body map.")
    activities = models.JSONField(default=list, help_text="Up to three: words and 0 to 10.")
    tasks = models.JSONField(default=list, help_text="Tasks that bring the pain on, with amounts.")
    day = models.JSONField(default=dict, help_text="The day at work or at home.")
    equipment = models.JSONField(default=list)
    positions_avoid = models.JSONField(default=list)
    goals = models.JSONField(default=list, help_text="In the person's own words.")
    done = models.JSONField(default=list, help_text="Ids of the steps that were answered or skipped.")
    skipped = models.JSONField(default=list, help_text="Those of them that were skipped.")
    release = models.CharField(max_length=80)
    release_sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("id",)  # as written: a clock may be put back
        constraints = (
            models.UniqueConstraint(
                fields=["profile"], condition=models.Q(state="in_progress"), name="one_open_assessment_per_profile"
            ),
        )

    def __str__(self) -> str:
        return str(self.uuid)


class Clearance(_AppendOnly):
    """ "A clinician has checked this and is happy for me to exercise": when, and in which role."""

    handling: ClassVar = Handling(
        {"id": T, "uuid": T, "profile": T, "decision": T, "cleared_on": H, "role": H, "recorded_at": T, "by": T},
        Export.WHOLE,
        Erase.WITH_PERSON,
    )

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="clearances")
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="clearances")
    cleared_on = models.DateField()
    role = models.CharField(max_length=40)
    recorded_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)  # as written: a clock may be put back

    def __str__(self) -> str:
        return str(self.uuid)


class PlanVersion(_AppendOnly):
    """One version of a plan: the choices it was made from and the whole plan as plain data."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": T, "number": T, "made_at": T, "by": T, "reason": T, "decision": T,
            "assessment": T, "clearance": T, "choices": H, "findings": S, "record": H, "allowed": H, "starts_on": H,
            "release": T, "release_sha256": T,
        },
        Export.WHOLE,
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="plans")
    number = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    by = models.CharField(max_length=80)
    reason = models.CharField(max_length=20, help_text="made, shaped or cleared")
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="plans")
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, null=True, related_name="plans")
    clearance = models.ForeignKey(Clearance, on_delete=models.CASCADE, null=True, related_name="plans")
    choices = models.JSONField()
    findings = models.JSONField()
    record = models.JSONField()
    allowed = models.BooleanField()
    starts_on = models.DateField(help_text="Day one of the six weeks. Kept when the plan is shaped.")
    release = models.CharField(max_length=80)
    release_sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=["profile", "number"], name="one_plan_version_per_number"),)

    def __str__(self) -> str:
        return str(self.uuid)


class TodayMark(_AppendOnly):
    """One tick, or one tick taken back, on the page of the day. The last mark for an item counts."""

    handling: ClassVar = Handling(
        {
            "id": T, "profile": T, "plan": T, "client_id": T, "day": H, "item": H, "turn": H, "done": H,
            "marked_at": T, "by": T,
        },
        Export.WHOLE,
        Erase.WITH_PERSON,
    )  # fmt: skip

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="marks")
    plan = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="marks")
    client_id = models.UUIDField(help_text="Made by the page: the same tick sent twice is one tick.")
    day = models.DateField()
    item = models.CharField(max_length=40)
    turn = models.PositiveSmallIntegerField(default=1, help_text="Which of several times on that day.")
    done = models.BooleanField()
    marked_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["profile", "day"]),)
        constraints = (models.UniqueConstraint(fields=["profile", "client_id"], name="one_mark_per_client_id"),)

    def __str__(self) -> str:
        return f"{self.item} {self.day}"


class DiaryEntry(_AppendOnly):
    """Something a person did or told on a day. A correction is a new row that takes the place of an earlier one."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": T, "plan": T, "client_id": T, "kind": H, "day": H, "at": H, "data": H,
            "replaces": T, "recorded_at": T, "by": T,
        },
        Export.WHOLE,
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="diary")
    plan = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, null=True, related_name="diary")
    client_id = models.UUIDField(help_text="Made by the page: the same entry sent twice is one entry.")
    kind = models.CharField(max_length=20)
    day = models.DateField(help_text="The person's own day.")
    at = models.DateTimeField(help_text="When it happened, by the clock of the device.")
    data = models.JSONField(default=dict)
    replaces = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="replaced_by")
    recorded_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=["profile", "day"]),
            models.Index(fields=["profile", "kind", "day"]),
            # Asked for everybody of a list at once; a few rows among very many.
            models.Index(fields=["profile"], condition=models.Q(Alarming()), name="diary_alarms"),
        )
        constraints = (
            models.UniqueConstraint(fields=["profile", "client_id"], name="one_entry_per_client_id"),
            models.UniqueConstraint(fields=["replaces"], name="an_entry_is_replaced_once"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"


class PictureKept(_AppendOnly):
    """A piece of a picture beside an exercise in a clinician's own words. In pieces, for short lines of an archive."""

    handling: ClassVar = Handling(
        {"id": T, "profile": T, "sha256": T, "piece": T, "data": H, "kept_at": T, "by": T},
        Export.WHOLE,
        Erase.WITH_PERSON,
    )

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="pictures")
    sha256 = models.CharField(max_length=64, help_text="Of the whole picture.")
    piece = models.PositiveSmallIntegerField(help_text="From 0.")
    data = models.BinaryField()
    kept_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["profile", "sha256", "piece"], name="a_picture_is_kept_once"),)

    def __str__(self) -> str:
        return f"{self.sha256[:12]} {self.piece}"


class ExerciseStep(_AppendOnly):
    """Where an exercise stands from a day on, and why. The last row of an exercise counts."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": T, "plan": T, "session": T, "planned": H, "exercise": H, "from_day": H,
            "move": H, "reason": H, "record": H, "decided_at": T, "by": T, "release": T, "release_sha256": T,
        },
        Export.WHOLE,
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="steps")
    plan = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="steps")
    session = models.CharField(max_length=40, help_text="The session that it was decided from.")
    planned = models.CharField(max_length=40, help_text="The exercise of the plan that it stands for.")
    exercise = models.CharField(max_length=40, help_text="The variant that is done now.")
    from_day = models.DateField()
    move = models.CharField(max_length=12)
    reason = models.CharField(max_length=40)
    record = models.JSONField(help_text="The verdict as plain data: before, after, light, the session it came from.")
    decided_at = models.DateTimeField()
    by = models.CharField(max_length=80)
    release = models.CharField(max_length=80)
    release_sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["profile", "planned"]),)
        constraints = (
            models.UniqueConstraint(fields=["profile", "planned", "session"], name="one_verdict_per_session"),
        )

    def __str__(self) -> str:
        return f"{self.exercise} {self.move}"


class BreakHabits(_AppendOnly):
    """When a person wants breaks, and when not. The last row counts."""

    handling: ClassVar = Handling(
        {
            "id": T, "profile": T, "breaks_on": P, "interval_min": P, "quiet_from": P, "quiet_until": P,
            "strength_at": P, "busy": P, "set_at": T, "by": T,
        },
        Export.WHOLE,
        Erase.WITH_PERSON,
    )  # fmt: skip

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="break_habits")
    breaks_on = models.BooleanField(default=True)
    interval_min = models.PositiveSmallIntegerField(null=True, help_text="Null: as the plan says.")
    quiet_from = models.TimeField()
    quiet_until = models.TimeField()
    strength_at = models.TimeField(null=True, help_text="Null: no offer of a strength session.")
    busy = models.JSONField(default=list, help_text="Days of the week, from, until; by the clock on the wall.")
    set_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.interval_min} min"


class BusyCalendar(_AppendOnly):
    """Busy times out of a calendar file: start and end, nothing else of it. The last row counts; empty is none."""

    handling: ClassVar = Handling(
        {"id": T, "profile": T, "spans": P, "read_at": T, "by": T}, Export.WHOLE, Erase.WITH_PERSON
    )

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="busy_calendars")
    spans = models.JSONField(default=list, help_text="Pairs of times in UTC.")
    read_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{len(self.spans)} busy times"


class Review(_AppendOnly):
    """One look back: what it was decided from, what was told, what came of it. A correction is a new review."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": T, "plan": T, "decision": T, "replaces": T, "client_id": T, "day": H,
            "reviewed_at": T, "by": T, "inputs": S, "told": H, "record": S, "outcome": H, "next_on": H, "release": T,
            "release_sha256": T,
        },
        Export.WHOLE,
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="reviews")
    plan = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="reviews")
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="reviews")
    replaces = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="replaced_by")
    client_id = models.UUIDField(help_text="Made by the page: the same review sent twice is one review.")
    day = models.DateField(help_text="The person's own day.")
    reviewed_at = models.DateTimeField()
    by = models.CharField(max_length=80)
    inputs = models.JSONField(help_text="As `upperback review` reads them, findings of the new safety check included.")
    told = models.JSONField(default=dict, help_text="What else was told, and what is shown beside the outcome.")
    record = models.JSONField(help_text="The outcome as plain data, as the command line prints it.")
    outcome = models.CharField(max_length=20)
    next_on = models.DateField(null=True, help_text="Day of the next look; none where help comes first.")
    release = models.CharField(max_length=80)
    release_sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["profile", "day"]),)
        constraints = (
            models.UniqueConstraint(fields=["profile", "client_id"], name="one_review_per_client_id"),
            models.UniqueConstraint(fields=["replaces"], name="a_review_is_replaced_once"),
        )

    def __str__(self) -> str:
        return str(self.uuid)


class CalendarFeed(models.Model):
    """A secret address under which a person's own times can be read. Taking it away deletes the row."""

    handling: ClassVar = Handling(
        {"id": T, "uuid": T, "profile": T, "token_sha256": T, "made_at": T, "by": T}, Export.NEVER, Erase.WITH_PERSON
    )

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.OneToOneField(Profile, on_delete=models.CASCADE, related_name="calendar_feed")
    token_sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    def __str__(self) -> str:
        return str(self.uuid)


class ProgramToken(models.Model):
    """A right of another program to read one record over FHIR. Taking it away deletes the row."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": T, "token_sha256": T, "label": P, "scopes": T, "mood": T, "made_at": T,
            "ends_at": T, "used_at": T, "by": T,
        },
        Export.NEVER,  # opens this installation and nothing else
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="program_tokens")
    token_sha256 = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=60)
    scopes = models.JSONField(default=list)
    mood = models.BooleanField(default=False, help_text="With what is about mood.")
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, help_text="To about a minute.")
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.uuid)


class PushSubscription(models.Model):
    """A browser in which a person turned notices on. Deleted when it is turned off there or its address is gone."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": T, "endpoint": T, "endpoint_sha256": T, "p256dh": T, "auth": T,
            "added_at": T, "by": T,
        },
        Export.NEVER,  # belongs to that browser and this installation: of no use anywhere else
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.TextField()
    endpoint_sha256 = models.CharField(max_length=64, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=40)
    added_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    def __str__(self) -> str:
        return str(self.uuid)


class LiveTicket(models.Model):
    """Lets one connection of a sensor in, once and within a minute. Only the hash of it is kept."""

    handling: ClassVar = Handling(
        {"id": T, "uuid": T, "profile": T, "token_sha256": T, "made_at": T, "ends_at": T, "by": T, "by_kind": T},
        Export.NEVER,
        Erase.WITH_PERSON,
    )

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="live_tickets")
    token_sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    by = models.CharField(max_length=80, help_text="Id of who made it: only they may use it.")
    by_kind = models.CharField(max_length=20)

    def __str__(self) -> str:
        return str(self.uuid)


class LiveStream(models.Model):
    """What a worn sensor sends, from its first frame to its last: how far it is stored, and how to go on from there.

    Changed by one conditional update: only by whoever has its turn, so of two connections, or two processes, the later
    one wins and the other is told.
    """

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": T, "by": T, "started_at": T, "saved_at": T, "ended_at": T, "turn": T,
            "next_number": T, "state": H,
        },
        Export.WHOLE,
        Erase.WITH_PERSON,
        stays=frozenset({"turn", "next_number", "state"}),  # the way to go on after a lost line
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="live_streams")
    by = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    turn = models.PositiveIntegerField(default=1, help_text="Counts who took it over; only the last one may write.")
    next_number = models.BigIntegerField(null=True, help_text="Every frame before this one is stored.")
    state = models.BinaryField(default=bytes, help_text="Empty once it has ended.")

    class Meta:
        indexes = (models.Index(fields=["profile", "ended_at"]),)

    def __str__(self) -> str:
        return str(self.uuid)


class LiveMinute(_AppendOnly):
    """A minute of a worn sensor, second by second, as `sensing.minutes` packs it."""

    handling: ClassVar = Handling(
        {"id": T, "profile": T, "stream": T, "first_s": H, "seconds": H}, Export.WHOLE, Erase.WITH_PERSON
    )

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="live_minutes")
    stream = models.ForeignKey(LiveStream, on_delete=models.CASCADE, related_name="minutes")
    first_s = models.BigIntegerField(help_text="Of its first second, since 1970.")
    seconds = models.BinaryField()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["profile", "first_s"]),)
        constraints = (models.UniqueConstraint(fields=["stream", "first_s"], name="a_live_minute_is_stored_once"),)

    def __str__(self) -> str:
        return str(self.first_s)


class LiveSamples(_AppendOnly):
    """Frames of a worn sensor as they came, where the person wants them kept. They go once they are in a file."""

    handling: ClassVar = Handling(
        {
            "id": T, "profile": T, "stream": T, "first_number": T, "zero_s": H, "points_up": H, "frames": H,
        },
        Export.NEVER,  # on their way into the file of `KeptSamples`, which is the person's
        Erase.WITH_PERSON,
    )  # fmt: skip

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="live_samples")
    stream = models.ForeignKey(LiveStream, on_delete=models.CASCADE, related_name="samples")
    first_number = models.BigIntegerField(help_text="Of its first frame.")
    zero_s = models.FloatField(help_text="Unix time at which the clock of the sensor stood at 0.")
    points_up = models.BooleanField(help_text="Whether its acceleration points up at rest.")
    frames = models.BinaryField(help_text="As they were sent, one behind the other.")

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["stream", "first_number"], name="a_live_frame_is_stored_once"),)

    def __str__(self) -> str:
        return str(self.first_number)


class KeptSamples(_AppendOnly):
    """The file of samples of one wearing. Deleting it takes the file and this row away."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": T, "stream": T, "starts_at": H, "seconds": H, "samples": H, "size": T,
            "sha256": T, "kept_at": T, "by": T,
        },
        Export.WHOLE,
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="kept_samples")
    stream = models.OneToOneField(LiveStream, on_delete=models.CASCADE, related_name="kept_samples")
    starts_at = models.DateTimeField(help_text="Of the first sample.")
    seconds = models.FloatField(help_text="From the first to the last sample.")
    samples = models.BigIntegerField()
    size = models.BigIntegerField(help_text="Of the file, bytes.")
    sha256 = models.CharField(max_length=64)
    kept_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.uuid)


class PushTurn(models.Model):
    """When a person with notices is looked at next. Claimed by moving the time on, if nobody else has."""

    handling: ClassVar = Handling({"id": T, "profile": T, "look_at": T, "told": T}, Export.NEVER, Erase.WITH_PERSON)

    profile = models.OneToOneField(Profile, on_delete=models.CASCADE, related_name="push_turn")
    look_at = models.DateTimeField(db_index=True)
    told = models.UUIDField(null=True, help_text="The offer that was told last.")

    def __str__(self) -> str:
        return f"{self.look_at:%Y-%m-%dT%H:%M:%SZ}"


class Account(AbstractBaseUser):
    """Somebody who signs in to a service. Either a person with a record of their own, or somebody of a clinic's staff.

    There are none on one's own machine. An account without a record and without a membership may do nothing.
    """

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "email": I, "name": I, "profile": T, "password": T, "last_login": T, "is_active": T,
            "joined_at": T,
        },
        Export.NEVER,  # how somebody signs in here is of no use anywhere else
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=60, blank=True, default="", help_text="Of staff: as people see it.")
    profile = models.OneToOneField(Profile, on_delete=models.CASCADE, null=True, related_name="account")
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"

    objects = BaseUserManager["Account"]()

    def __str__(self) -> str:
        return str(self.uuid)


class Clinic(models.Model):
    """A clinic that runs, or takes part in, this service."""

    handling: ClassVar = Handling({"id": T, "uuid": T, "name": T, "made_at": T}, Export.NEVER, Erase.KEEP)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ClinicTemplate(_AppendOnly):
    """Words for a message, or a set of exercises, that a clinic keeps. About nobody. The newest row of one counts."""

    handling: ClassVar = Handling(
        {
            "id": T, "template": T, "clinic": T, "kind": T, "name": T, "words": T, "exercises": T, "is_kept": T,
            "made_at": T, "by": T,
        },
        Export.NEVER,
        Erase.KEEP,
    )  # fmt: skip

    class Kind(models.TextChoices):
        MESSAGE = "message"
        EXERCISES = "exercises"

    template = models.UUIDField(db_index=True, help_text="Which one this is a version of.")
    clinic = models.ForeignKey(
        Clinic, on_delete=models.CASCADE, null=True, related_name="templates", help_text="None: where it is tried out."
    )
    kind = models.CharField(max_length=9, choices=Kind.choices)
    name = models.CharField(max_length=60)
    words = models.TextField(blank=True, default="")
    exercises = models.JSONField(default=list)
    is_kept = models.BooleanField(default=True, help_text="False: it was taken away.")
    made_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class ClinicGroup(_AppendOnly):
    """A group programme of a clinic, version by version; the newest row of one counts. It names nobody in it."""

    handling: ClassVar = Handling(
        {
            "id": T, "group": T, "version": T, "clinic": T, "title": T, "words": T, "leader": T, "starts_on": T,
            "weeks": T, "weekday": T, "at": T, "minutes": T, "time_zone": T, "place": T, "link": T, "places": T,
            "programme": T, "off": T, "ended_on": T, "ended_because": T, "made_at": T, "by": T,
        },
        Export.NEVER,
        Erase.KEEP,
    )  # fmt: skip

    group = models.UUIDField(help_text="Which one this is a version of.")
    version = models.PositiveIntegerField()
    clinic = models.ForeignKey(
        Clinic, on_delete=models.CASCADE, null=True, related_name="groups", help_text="None: where it is tried out."
    )
    title = models.CharField(max_length=60)
    words = models.TextField(blank=True, default="", help_text="What it is, for those it is offered to.")
    leader = models.CharField(max_length=80)
    starts_on = models.DateField()
    weeks = models.PositiveSmallIntegerField()
    weekday = models.PositiveSmallIntegerField(help_text="0 is Monday.")
    at = models.TimeField(help_text="By the clock of `time_zone`.")
    minutes = models.PositiveSmallIntegerField()
    time_zone = models.CharField(max_length=40)
    place = models.CharField(max_length=80, blank=True, default="")
    link = models.CharField(max_length=300, blank=True, default="")
    places = models.PositiveSmallIntegerField(help_text="The largest number of people.")
    programme = models.JSONField(default=list, help_text="Exercises with amounts, each from a week to a week.")
    off = models.JSONField(default=list, help_text="Meetings called off: day and reason.")
    ended_on = models.DateField(null=True)
    ended_because = models.CharField(max_length=200, blank=True, default="")
    made_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["group", "version"], name="a_group_has_one_of_each_version"),)

    def __str__(self) -> str:
        return self.title


class GroupOffer(_AppendOnly):
    """A group was offered to a person. What they said, and when they came, are entries of their diary."""

    handling: ClassVar = Handling(
        {"id": T, "group": T, "profile": H, "offered_at": T, "by": T},
        Export.NEVER,  # the diary tells it to the person; brought in elsewhere it would take a place
        Erase.WITH_PERSON,
    )

    group = models.UUIDField()
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="group_offers")
    offered_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["group", "profile"], name="a_group_is_offered_once"),)

    def __str__(self) -> str:
        return str(self.group)


class Study(models.Model):
    """A study of a clinic that people can take part in. Ending it is the one change."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "clinic": T, "name": T, "about": T, "approval": T, "data_classes": T, "ends_at": T,
            "made_at": T, "ended_at": T, "by": T,
        },
        Export.NEVER,
        Erase.KEEP,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="studies")
    name = models.CharField(max_length=80)
    about = models.CharField(max_length=600, help_text="What it is for, in words for those who may take part.")
    approval = models.CharField(max_length=80, help_text="Who approved it, and the number of that.")
    data_classes = models.JSONField(default=list)
    ends_at = models.DateTimeField()
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """In which role an account works for a clinic. Ending it is the one change."""

    class Role(models.TextChoices):
        CLINICIAN = "clinician"
        CLINIC_ADMIN = "clinic_admin"
        RESEARCHER = "researcher"
        SUPPORT = "support"
        APP = "app"

    handling: ClassVar = Handling(
        {"id": T, "uuid": T, "account": T, "clinic": T, "role": T, "since": T, "ended_at": T, "by": T},
        Export.NEVER,
        Erase.WITH_PERSON,
    )

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=14, choices=Role.choices)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["account", "clinic", "role"],
                condition=models.Q(ended_at__isnull=True),
                name="one_open_membership_per_role",
            ),
        )

    def __str__(self) -> str:
        return self.role


class Relation(models.Model):
    """Who treats a person, or cares for them. Ending it is the one change. It opens nothing without a consent."""

    class Kind(models.TextChoices):
        TREATS = "treats"
        CARES = "cares"

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": H, "account": T, "clinic": T, "kind": H, "since": T, "ends_at": T,
            "ended_at": T, "by": T,
        },
        Export.NEVER,  # who looks after somebody here says nothing anywhere else
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="relations")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="relations")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, null=True, related_name="relations")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    since = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="Nobody looks after somebody for ever: it is asked again.")
    ended_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["account", "ended_at"]),)
        constraints = (
            models.UniqueConstraint(
                fields=["profile", "account", "kind"],
                condition=models.Q(ended_at__isnull=True),
                name="one_open_relation_per_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="treats", clinic__isnull=False) | models.Q(kind="cares", clinic__isnull=True),
                name="who_treats_does_so_for_a_clinic",
            ),
        )

    def __str__(self) -> str:
        return self.kind


class ConsentEvent(_AppendOnly):
    """A person lets somebody see something, for a purpose, until a day; or takes that back. Two events, never edited.

    A grant holds from its first event until its end date or the event that withdraws it, whichever is earlier.
    """

    class Kind(models.TextChoices):
        GRANTED = "granted"
        WITHDRAWN = "withdrawn"

    class Recipient(models.TextChoices):
        ACCOUNT = "account"
        CLINIC = "clinic"
        STUDY = "study"
        APP = "app"

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": H, "grant": T, "kind": T, "recipient_kind": T, "recipient": T, "purpose": H,
            "data_classes": H, "ends_at": T, "at": T, "by": T,
        },
        Export.NEVER,  # brought in elsewhere it would open a record that nobody was asked about again
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="consents")
    grant = models.UUIDField(help_text="Names the grant in both events.")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    recipient_kind = models.CharField(max_length=8, choices=Recipient.choices)
    recipient = models.UUIDField(help_text="Public id of an account, a clinic, a study or an app.")
    purpose = models.CharField(max_length=12)
    data_classes = models.JSONField(default=list)
    ends_at = models.DateTimeField()
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["recipient"]),)
        constraints = (models.UniqueConstraint(fields=["grant", "kind"], name="a_grant_is_given_and_withdrawn_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.purpose}"


class App(models.Model):
    """A program of others that people of a service can let read over FHIR. Ending it is the one change."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "name": T, "maker": T, "redirect_uris": T, "scopes": T, "made_at": T, "ended_at": T,
            "by": T,
        },
        Export.NEVER,
        Erase.KEEP,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Its client_id.")
    name = models.CharField(max_length=60)
    maker = models.CharField(max_length=80, help_text="Who makes it, as people see it.")
    redirect_uris = models.JSONField(default=list, help_text="Where people may be sent back to, letter by letter.")
    scopes = models.JSONField(default=list, help_text="The most that it may ask for.")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name

    @property
    def client_id(self) -> str:
        """As OAuth calls its public id."""
        return str(self.uuid)


class AppCode(models.Model):
    """What an app exchanges for its first tokens, once and within a minute. Only the hash of it is kept."""

    handling: ClassVar = Handling(
        {
            "id": T, "profile": T, "app": T, "grant": T, "code_sha256": T, "challenge": T, "redirect_uri": T,
            "scopes": T, "made_at": T, "ends_at": T, "used_at": T,
        },
        Export.NEVER,
        Erase.WITH_PERSON,
    )  # fmt: skip

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="app_codes")
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="codes")
    grant = models.UUIDField(help_text="The consent that it belongs to.")
    code_sha256 = models.CharField(max_length=64, unique=True)
    challenge = models.CharField(max_length=43, help_text="SHA-256 of what the app has to bring with the code.")
    redirect_uri = models.CharField(max_length=400)
    scopes = models.JSONField(default=list)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["grant"]),)

    def __str__(self) -> str:
        return str(self.grant)


class AppToken(models.Model):
    """A token of an app. It opens what the consent of its grant gives when it is used, and only its hash is kept."""

    class Kind(models.TextChoices):
        ACCESS = "access"
        REFRESH = "refresh"

    handling: ClassVar = Handling(
        {
            "id": T, "profile": T, "app": T, "grant": T, "kind": T, "token_sha256": T, "scopes": T, "made_at": T,
            "ends_at": T, "used_at": T,
        },
        Export.NEVER,  # opens this installation and nothing else
        Erase.WITH_PERSON,
    )  # fmt: skip

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="app_tokens")
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="tokens")
    grant = models.UUIDField(help_text="The consent that it belongs to.")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    token_sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, help_text="Of a refresh token: it was exchanged, and works once.")

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["grant", "kind"]),)

    def __str__(self) -> str:
        return self.kind


class Invitation(models.Model):
    """A code that lets one named kind of helper in, once and for a short while. Only the hash of it is kept."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "profile": T, "code_sha256": T, "kind": H, "data_classes": H, "access_days": T,
            "made_at": T, "ends_at": T, "used_at": T, "by": T,
        },
        Export.NEVER,
        Erase.WITH_PERSON,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="invitations")
    code_sha256 = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=6, choices=Relation.Kind.choices)
    data_classes = models.JSONField(default=list)
    access_days = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.uuid)


class ClinicSystem(models.Model):
    """A computer system of a clinic that may fetch copies for it. Only the hash of its token is kept."""

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "clinic": T, "name": T, "token_sha256": T, "made_at": T, "ends_at": T, "ended_at": T,
            "used_at": T, "by": T,
        },
        Export.NEVER,
        Erase.KEEP,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="systems")
    name = models.CharField(max_length=60)
    token_sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True, help_text="To about a minute.")
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class BulkExport(models.Model):
    """A copy in FHIR of everybody who lets a clinic have one: asked for, made by a worker, fetched, taken away.

    Whose records are in it stands in `BulkExportPerson`; the lines themselves are files (`store.files.export_folder`).
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        READY = "ready"
        GONE = "gone"
        FAILED = "failed"

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "clinic": T, "by": T, "requested_at": T, "request": T, "types": T, "since": T,
            "ignored": T, "state": T, "people": T, "people_done": T, "tries": T, "claimed_by": T, "claimed_until": T,
            "finished_at": T, "ends_at": T, "files": T, "why": T,
        },
        Export.NEVER,
        Erase.KEEP,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="exports")
    by = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    request = models.CharField(max_length=2000, help_text="The address that it was asked for with.")
    types = models.JSONField(default=list, help_text="Kinds of resources; none: all.")
    since = models.DateTimeField(null=True)
    ignored = models.JSONField(default=list, help_text="What was asked for and passed over.")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    people = models.PositiveIntegerField(default=0)
    people_done = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.UUIDField(null=True, help_text="Who makes it: a worker that is gone loses it.")
    claimed_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    files = models.JSONField(default=list, help_text="Type, name, lines and bytes of each.")
    why = models.CharField(max_length=20, blank=True, default="", help_text="Why it is gone or failed.")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.uuid)


class BulkExportPerson(models.Model):
    """That a person is in an export, and with which kinds of data. Stays when the files are gone: it was so."""

    handling: ClassVar = Handling(
        {"id": T, "export": T, "profile": T, "data_classes": H}, Export.NEVER, Erase.WITH_PERSON
    )

    export = models.ForeignKey(BulkExport, on_delete=models.CASCADE, related_name="persons")
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="bulk_exports")
    data_classes = models.JSONField(default=list)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["export", "profile"], name="a_person_is_in_an_export_once"),)

    def __str__(self) -> str:
        return str(self.pk)


class StaffInvitation(models.Model):
    """Somebody is invited to work for a clinic. Only the hash of the link is kept. Used or over, the row goes.

    `by` ties it to whoever made it: without their role it opens nothing.
    """

    handling: ClassVar = Handling(
        {
            "id": T, "uuid": T, "clinic": T, "email": I, "name": I, "role": T, "secret_sha256": T, "made_at": T,
            "ends_at": T, "by": T,
        },
        Export.NEVER,
        Erase.KEEP,
    )  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="staff_invitations")
    email = models.EmailField()
    name = models.CharField(max_length=60)
    role = models.CharField(max_length=14, choices=Membership.Role.choices)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.uuid)


class AuditEvent(_AppendOnly):
    """Who did what to which record, and when. Codes, ids and counts only; no foreign keys, so it outlives all."""

    handling: ClassVar = Handling(
        {
            "id": T, "at": T, "actor_kind": T, "actor_id": T, "action": T, "object_kind": T, "object_uuid": T,
            "profile_uuid": T, "details": T,
        },
        Export.ABOUT_PERSON,
        Erase.BUT_ONE,
    )  # fmt: skip

    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=80)
    action = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=40)
    object_uuid = models.UUIDField(null=True)
    profile_uuid = models.UUIDField(null=True, db_index=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["actor_id", "at"]),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ} {self.action}"


class AuditLink(_AppendOnly):
    """What chains an event of the audit of a service to the one before it. Holds nothing about anybody, and stays.

    `whose` is a mark made with the key of the service: it tells which links an erasure explains, and nothing else.
    """

    handling: ClassVar = Handling(
        {"id": T, "number": T, "event": T, "whose": T, "digest": T, "chain": T}, Export.NEVER, Erase.KEEP
    )

    number = models.BigIntegerField(unique=True)
    event = models.BigIntegerField(unique=True, help_text="Key of the event; it may be erased, the link stays.")
    whose = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    chain = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return str(self.number)


class AuditHead(models.Model):
    """How far the chain goes: one row, so that a chain without its end is noticed."""

    handling: ClassVar = Handling({"id": T, "number": T, "chain": T, "older": T, "seal": T}, Export.NEVER, Erase.KEEP)

    number = models.BigIntegerField()
    chain = models.CharField(max_length=64)
    older = models.BigIntegerField(help_text="Key of the last event before the chain began.")
    seal = models.CharField(max_length=64)

    def __str__(self) -> str:
        return str(self.number)


class Setting(models.Model):
    """A setting of this installation. Never about a person."""

    handling: ClassVar = Handling({"id": T, "key": T, "value": T, "changed_at": T}, Export.NEVER, Erase.KEEP)

    key = models.CharField(max_length=60, unique=True)
    value = models.JSONField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
