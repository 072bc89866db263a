"""One file per revision of the journal's tables. Databases that cannot take DDL back may run one twice: each step first looks whether it is done."""
