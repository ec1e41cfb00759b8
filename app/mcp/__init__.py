"""MCP: the recommender as tools for other agents, over streamable HTTP and over stdin and stdout."""
