"""The code app: a change of source text as rows that a face can draw, searched and explained."""
