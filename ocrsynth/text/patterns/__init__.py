"""Templates for what documents, receipts, forms and plates hold: a small language, its generators, and check digits."""
