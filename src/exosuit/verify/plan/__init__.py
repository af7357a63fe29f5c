"""The plan of a change: increments that stand on their own, groups that are one decision each, and what is proved."""
