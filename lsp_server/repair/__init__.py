"""Repairs that join views: what a rule offers as a fix where more than one vocabulary is needed.

Stands below the rules: a repair knows the snapshot and gives a `Fix`; which finding gets it is the rule's to say.
"""
