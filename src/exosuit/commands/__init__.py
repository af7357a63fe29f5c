"""The commands, one noun a module: parse, call the layer below, return a typed result."""
