"""Increments of a change: edges between atoms by what would break, condensed and ordered; edges learned from runs."""
