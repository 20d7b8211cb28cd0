# hides: processes
# caught by: source
import multiprocessing as mp
