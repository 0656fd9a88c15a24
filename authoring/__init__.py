"""What the author of the course runs: the environment, and the way from one text to all that students get."""
