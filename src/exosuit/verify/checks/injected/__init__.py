"""What is loaded into the user's own interpreter: each module stands alone, for it is found by its folder."""
