from django.db import migrations

# One statement, the same in both databases: what each period's permission says, and whether another ended as it began.
FILL = """
UPDATE sharing_permissionperiod SET
    calendar_id = (SELECT p.calendar_id FROM sharing_calendarpermission p WHERE p.id = permission_id),
    mailbox_id = (SELECT p.mailbox_id FROM sharing_calendarpermission p WHERE p.id = permission_id),
    is_first = NOT EXISTS (
        SELECT 1 FROM sharing_permissionperiod b
        WHERE b.permission_id = sharing_permissionperiod.permission_id AND b.ended_at = sharing_permissionperiod.began_at
    )
WHERE calendar_id IS NULL
"""


class Migration(migrations.Migration):

    dependencies = [("sharing", "0007_period_places")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
