"""Pure rules: what is told to whom, when, by which channel, and what an answer means."""
