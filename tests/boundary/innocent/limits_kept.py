# looks like: the limits as they are sealed
MAX_INCIDENT_HISTORY = 1000
MAX_RAG_LOOKBACK_DAYS = 7
EXECUTION_ALLOWED = False
GRAPH_STORAGE = "in_memory"
