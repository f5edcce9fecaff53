"""Where synthetic and real line pictures differ: features of both, their distributions, and whether they can be told apart."""
