# looks like: a setting whose name looks like a limit
class Settings:
    max_incident_history: int = 500
    execution_allowed: bool = False
