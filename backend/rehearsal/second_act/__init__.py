"""After the start: the works, the hotline, the rectification register, the survey, and what came of them."""
