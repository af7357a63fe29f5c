"""Is a supply as good as it was? Questions with exact answers, a card of skills, and a test against its own record."""
