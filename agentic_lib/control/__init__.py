"""The controller: a decision -> the optimizer, under guards."""
