# looks like: threads
from concurrent.futures import ThreadPoolExecutor
import threading
