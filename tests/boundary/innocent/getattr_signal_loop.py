# looks like: signals by their names
import signal
KNOWN = [getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name)]
