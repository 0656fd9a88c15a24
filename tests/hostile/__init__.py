"""Hand-ins of people who would rather not do the exercises, and what grading has to make of them."""
