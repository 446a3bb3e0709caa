"""How the bundled brain is made."""
