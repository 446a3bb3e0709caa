"""How the evidence is gathered."""
