"""The change engine: snapshots, atoms, decisions, materialize, apply. Bytes in, bytes out; knows no UI."""
