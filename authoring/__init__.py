"""What the author of the course runs: the environment, and the way from one text file to everything that students get."""
