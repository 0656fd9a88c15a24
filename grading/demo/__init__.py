"""A made-up class: written, graded with nbgrader, given feedback, and shown as a table and a picture."""
