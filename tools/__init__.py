"""What ./ctl calls: set-up, private PostgreSQL, demo server, test run."""
