"""For tests and notebooks alike: no network, and the brain that ships."""

import os

os.environ.setdefault("AGENTIC_LIB_BRAIN", "bundled")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
