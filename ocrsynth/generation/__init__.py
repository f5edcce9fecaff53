"""Plan → shards over worker processes: resume, supervision and statistics."""
