"""Facts of Python code that detectors compare: what names mean, what tests hold to, what callers may rely on."""
