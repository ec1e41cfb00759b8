"""Settings, command line and page."""
