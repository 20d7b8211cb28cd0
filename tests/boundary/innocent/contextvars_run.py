# looks like: a method named run on a context
import contextvars
contextvars.copy_context().run(print, 1)
