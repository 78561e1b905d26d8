"""HTTP in: the server, the native REST interface, the Subsonic interface, health and metrics."""
