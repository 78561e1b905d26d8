"""Which child processes coverage measures: servers, and not the workers, which may write no file, its own included."""

import os

#: What lets coverage begin in a child; withheld from children in general, and handed to those that are measured.
MEASURED = {name: os.environ.pop(name) for name in ["COVERAGE_PROCESS_CONFIG"] if name in os.environ}
