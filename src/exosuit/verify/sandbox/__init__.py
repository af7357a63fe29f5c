"""Runs a command on a laid-out tree so that it can do no harm: `job` says what, `run` runs it, the keeper watches it.

`run` lives in our process. `keeper` and what it imports (`kernel`, `room`, `bubble`, `landlock`, `census`) live in a
small process of their own, one a run, started without site-packages: it makes the room, starts the command in it,
holds it to its limits, sees to it that nothing is left running, and reports.
"""
