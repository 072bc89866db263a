"""What operations cost on tables that are in use: who waits, what is rewritten, what a transaction does not allow.

Knowledge about PostgreSQL, MySQL and MariaDB by version, as plain questions and answers; which operations a revision asks for,
and on which tables, is the rules' business. `migration/hazards.py` speaks of planned operations in its own words.
"""
