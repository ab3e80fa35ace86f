"""How often Snakemake looks at waiting jobs while nothing changes."""

import threading
from typing import Any


def look_again_once(scheduler: Any) -> None:
    """Let a scheduler of Snakemake have one appointment to look at its jobs again, not many.

    Snakemake 9 limits jobs by time, and makes an appointment to look again after every look. A job
    that ends is a look, too, so that each begins another endless series: after hundreds of jobs
    they take a core, since a look asks the file system for the inputs of all jobs that wait. One
    appointment does what all of them do. It ends with the program, which waits for the others.

    Args:
        scheduler: that of the workflow; one of another version is left as it is.
    """
    if not (hasattr(scheduler, "_schedule_reevalutation") and hasattr(scheduler, "_open_jobs")):
        return
    pending: list[threading.Timer] = []

    def look() -> None:
        # First: the scheduler may ask for the next appointment before this thread ends.
        pending.clear()
        scheduler._open_jobs.release()

    def look_again(delay: float) -> None:
        if not pending:
            timer = threading.Timer(delay, look)
            timer.daemon = True
            pending.append(timer)
            timer.start()

    scheduler._schedule_reevalutation = look_again
