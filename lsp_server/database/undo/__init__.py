"""The way back of a revision: its upgrade's steps from the last to the first, each undone where that can be proved.

What the schema shows (tables, columns, keys, indexes, enumerations) goes back by comparison, a stretch of steps at a time; what it
does not show (rows, functions, triggers, privileges) is undone statement by statement in between, at the place where it was done.
What cannot be undone is said in words. `way.py` puts the parts in order, the other files know one sort of step each.
"""
