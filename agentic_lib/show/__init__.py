"""What people look at: pictures, reports, widgets, experiments."""
