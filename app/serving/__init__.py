"""Serving: one process and one port for the page, the HTTP API and MCP; who may call, how much, and how it ends."""
