"""What runs inside the sandbox: the forking parent, and the processes that it makes for one submission each.

Nothing here judges, and nothing here knows what is right.
"""
