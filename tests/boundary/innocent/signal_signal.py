# looks like: signal.signal
import signal
signal.signal(signal.SIGTERM, lambda *_: None)
