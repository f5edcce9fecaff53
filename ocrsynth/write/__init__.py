"""Stage 5: samples → shards, each a pure function of its samples to bytes."""
