"""The database's schema: specified, mapped by models, migrated by revisions, actual. One vocabulary (`model.py`)."""
