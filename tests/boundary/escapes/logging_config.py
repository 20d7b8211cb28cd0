# hides: a factory named in a logging configuration
# caught by: source
import logging.config
logging.config.dictConfig({"version": 1, "handlers": {"a": {"()": "os.system", "command": "id"}}})
