# looks like: a finalizer
import weakref
import atexit
atexit.register(print)
