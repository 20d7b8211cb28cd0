# hides: an execution mode assigned
# caught by: source
class Settings:
    mcp_mode: str = "autonomous"
