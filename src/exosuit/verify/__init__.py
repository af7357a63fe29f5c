"""What machines can find out about a change: checks run in a sandbox on snapshots. Knows no UI and no server."""
