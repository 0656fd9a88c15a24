"""What an instructor runs: today the demonstration of a whole class graded with plain nbgrader."""
