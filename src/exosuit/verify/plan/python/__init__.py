"""Python source as a sequence of statements that can be compared at a stated standard."""
