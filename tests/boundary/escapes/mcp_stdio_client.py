# hides: a process, as a server of the context protocol
# caught by: source
from mcp.client.stdio import StdioServerParameters, stdio_client
stdio_client(StdioServerParameters(command="sh"))
