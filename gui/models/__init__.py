"""Item models: rows hold records, strings are made when looked at."""
