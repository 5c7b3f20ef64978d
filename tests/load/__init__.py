"""Real web processes under load, killed and held up: nothing acknowledged is lost or counted twice."""
