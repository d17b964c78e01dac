"""The order of rows is the order of writing, and an open check knows how old its answers are."""

import datetime as dt

from django.db import migrations, models

#: Answers from before this was kept count as old: whoever goes on is asked whether they still hold.
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Migration(migrations.Migration):

    dependencies = [("store", "0002_diary")]

    operations = [
        *(
            migrations.AlterModelOptions(name=name, options={"ordering": ("id",)})
            for name in ("assessment", "clearance", "decision", "screening")
        ),
        migrations.AddField(
            model_name="screening",
            name="answers_since",
            field=models.DateTimeField(
                default=LONG_AGO, help_text="Since when they hold: first given, or said to hold still."
            ),
            preserve_default=False,
        ),
    ]
