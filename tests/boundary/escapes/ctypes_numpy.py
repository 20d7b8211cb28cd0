# hides: native code through numpy
# caught by: source
import numpy
numpy.ctypeslib.load_library("libc", "/lib")
