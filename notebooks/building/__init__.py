"""What `notebooks/build.py` does, one idea a file."""
