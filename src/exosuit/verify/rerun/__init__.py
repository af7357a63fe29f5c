"""What programs make of a snapshot when they are run on it: formatters, generators, the tool that made a change."""
