# hides: a signal to a thread
# caught by: source
import signal
signal.pthread_kill(1, 9)
