# hides: processes by a pool
# caught by: source
from concurrent.futures import ProcessPoolExecutor
