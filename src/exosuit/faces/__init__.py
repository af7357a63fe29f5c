"""Five skins over one registry: cli, http, mcp, terminal, and the web GUI that http serves."""
