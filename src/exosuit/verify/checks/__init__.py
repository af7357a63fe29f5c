"""Checks of a workspace: which there are, what they need, how they went on a snapshot, whether to trust that."""
