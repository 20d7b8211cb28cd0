# hides: code out of text, measured
# caught by: source
import timeit
timeit.timeit("print(1)")
