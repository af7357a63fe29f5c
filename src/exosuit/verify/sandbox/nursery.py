"""A process that bears keepers: starting Python costs more than all the rest of a run, a fork costs a millisecond.

One a process of ours, started at the first run and gone with it. Over its standard input, a socket, comes one message a
run, with the socket over which that run's keeper is told its plan, reports, and notices that its caller is gone.
"""

from __future__ import annotations

import gc
import os
import signal
import socket

from exosuit.verify.sandbox.keeper import keep


def main() -> None:
    """Serve until the other end is closed."""
    os.chdir("/")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps our keepers
    gc.freeze()
    with socket.socket(fileno=os.dup(0)) as door:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        while True:
            message, descriptors, _, _ = socket.recv_fds(door, 1, 1)
            if not message:
                return
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                door.close()
                os.setsid()
                keep(descriptors[0])
                os._exit(0)
            os.close(descriptors[0])
