"""Backups: encrypted archives of a database with its files, and what proves them."""
