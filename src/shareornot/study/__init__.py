"""Floor 3: what to run, running it, keeping it."""
