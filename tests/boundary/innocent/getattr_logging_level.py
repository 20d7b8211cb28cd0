# looks like: a level by its upper-case name
import logging
def configure(level):
    logging.basicConfig(level=getattr(logging, level.upper(), logging.INFO))
