"""The MCP server: lists the tools, checks a call, runs it, and tells faults as results that a model can mend its call by."""

import logging
from importlib.metadata import version
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)

from ...tools.errors import ConvrecError
from .desk import Call, Desk
from .toolset import TOOLS

_log = logging.getLogger(__name__)

Request = ServerRequestContext[Any, Any]


def make_server(desk: Desk, instructions: str = "") -> Server[Any]:
    """The server over one recommender.

    Args:
        desk: what the tools work with.
        instructions: what a client tells its model; can be set later, as the attribute of that name.
    """

    async def list_tools(_ctx: Request, _params: PaginatedRequestParams | None) -> ListToolsResult:
        await desk.recommender.open()
        return ListToolsResult(tools=[tool.record(desk.recommender.index) for tool in TOOLS.values()])

    async def call_tool(ctx: Request, params: CallToolRequestParams) -> CallToolResult:
        tool = TOOLS.get(params.name)
        if tool is None:
            raise MCPError(
                code=INVALID_PARAMS, message=f"There is no tool of that name. There are: {', '.join(TOOLS)}."
            )
        try:
            caller = desk.caller(ctx)
            caller.need(tool.scope)
            asked = tool.read(params.arguments or {})
            await desk.recommender.open()
            result = await tool.run(Call(desk.recommender, caller, desk.turn, _reporter(ctx)), asked)
        except ConvrecError as fault:
            return _refusal(desk.tell(fault))
        except Exception:  # noqa: BLE001 (a bug: its words stay here, where the protocol's own handling would send them)
            _log.exception("The tool %s failed.", tool.name)
            return _refusal("Something went wrong in the server; this is not the call's fault.")
        structured = result.model_dump(mode="json")
        return CallToolResult(content=[TextContent(type="text", text=tool.tell(result))], structured_content=structured)

    return Server(
        "convrec",
        title="convrec",
        version=version("convrec"),
        instructions=instructions,
        get_tool_input_schema=lambda name: TOOLS[name].takes.model_json_schema() if name in TOOLS else None,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _refusal(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)


def _reporter(ctx: Request) -> Any:
    """Tells a client that asked for it which agents are done."""
    done = 0

    async def report(what: str) -> None:
        nonlocal done
        done += 1
        await ctx.session.report_progress(done, None, what)

    return report
