"""How long and how often the notices try."""

from datetime import timedelta

from temporalio.common import RetryPolicy

FOR_DAYS = timedelta(days=4)
"""How long a person is tried to be reached: longer than a mail server is down over a weekend."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=15)
UNTIL_IT_SUCCEEDS = RetryPolicy(
    initial_interval=FIRST_PAUSE, backoff_coefficient=2, maximum_interval=timedelta(seconds=60), maximum_attempts=0
)
WITH_PATIENCE = RetryPolicy(initial_interval=FIRST_PAUSE, backoff_coefficient=2, maximum_interval=LONGEST_PAUSE, maximum_attempts=0)
"""After 1, 2, 4 … seconds, later every quarter of an hour."""
