"""Apps on the loop: for each kind of content, what draws it and what is known of it."""
