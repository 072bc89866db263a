"""One file per revision of the journal's tables. Databases that cannot take DDL back may run one twice: steps say `if_not_exists`."""
