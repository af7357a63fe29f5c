"""Python imports this at start-up when its folder is on PYTHONPATH: what a test starts is held offline too."""

import no_network  # noqa: F401
