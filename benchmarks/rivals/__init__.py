"""One small adapter a rival, each behind the same function and each run in its own process."""
