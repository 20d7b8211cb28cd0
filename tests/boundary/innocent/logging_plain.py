# looks like: logging
import logging
logging.getLogger(__name__).info("executed %s", "DELETE FROM x WHERE y = 1")
