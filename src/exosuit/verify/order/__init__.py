"""In which order to look at a change: by the defects expected per line of reading."""
