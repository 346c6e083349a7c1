"""Storage settings of the mailbox's tables: free room in each page for rows that change often, and early vacuums."""

from django.db import migrations

TUNE = """
    ALTER TABLE events_mailbox SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
    ALTER TABLE events_tally SET (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
    ALTER TABLE events_event SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
"""
RESET = """
    ALTER TABLE events_mailbox RESET (fillfactor, autovacuum_vacuum_scale_factor);
    ALTER TABLE events_tally RESET (fillfactor, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
    ALTER TABLE events_event RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor);
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [migrations.RunSQL(TUNE, RESET)]
