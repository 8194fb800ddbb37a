from datetime import date

from django.db import migrations, models

# The tables came in 0002 and nothing is in them yet: the day below is nobody's.
SOME_DAY = date(2026, 1, 1)


class Migration(migrations.Migration):
    dependencies = [("sharing", "0005_audit_keys")]

    operations = [
        migrations.AddField(
            model_name="enddate",
            name="ends_on",
            field=models.DateField(
                default=SOME_DAY, help_text="The day a person chose: the last one of this access, where the mailbox is."
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="enddate",
            name="ends_at",
            field=models.DateTimeField(help_text="The end of that day in the mailbox's time zone, as last known."),
        ),
        migrations.AlterField(
            model_name="enddate",
            name="notices_sent",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="0, 1 (14 days before), 2 (the day before), 3 (asked on the day)."
            ),
        ),
        migrations.AddField(
            model_name="cover",
            name="starts_on",
            field=models.DateField(
                default=SOME_DAY, help_text="Both days are the mailbox's own, and both are covered."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="cover",
            name="ends_on",
            field=models.DateField(default=SOME_DAY),
            preserve_default=False,
        ),
    ]
