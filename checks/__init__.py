"""The project's checks: `python -m checks` runs them all, `python -m checks sizes words` some of them.

Each module holds one rule as a function from a tree to a list of problems, one line each; no problems, no output.
tests/unit/test_project.py plants a violation of every rule and sees that it is found.
"""
