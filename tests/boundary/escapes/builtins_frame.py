# hides: builtins of a frame
# caught by: source
import sys
sys._getframe(0).f_builtins["eval"]("1")
