# looks like: a plain logging configuration
import logging.config
logging.config.dictConfig({"version": 1, "handlers": {"a": {"class": "logging.StreamHandler"}}})
