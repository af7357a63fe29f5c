"""The queue before a supply: who is next when more is asked for than it takes at once.

line = Line(slots=4, weights={"code": 2.0})
turn = await line.turn(Who(app="code", run="r1"), tokens=1200)  # waits
…                                                               # the call itself
turn.end(1874)                                                  # what it really used
"""

from exosuit.models.queue.line import Line, Turn
from exosuit.models.queue.shares import Who

__all__ = ["Line", "Turn", "Who"]
