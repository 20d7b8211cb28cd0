# hides: the globals of a caller, handed on
# caught by: source
import sys
def act(use):
    use(sys._getframe(1).f_globals)
