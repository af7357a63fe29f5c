"""Background work that outlives its process: questions written down, asked when there is a turn, answers kept.

with Jobs.open() as jobs:
    name = jobs.add("smart", messages, app="course", key="chapter 3")  # the same key is the same job
    await Worker(jobs, switch).run(until_idle=True)
    jobs.get(name).answer
"""

from exosuit.models.jobs.jobs import Job, Jobs
from exosuit.models.jobs.store import State
from exosuit.models.jobs.worker import Worker

__all__ = ["Job", "Jobs", "State", "Worker"]
