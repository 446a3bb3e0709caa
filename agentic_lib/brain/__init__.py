"""The brain: metrics -> prompt -> language model -> reply -> decision."""
