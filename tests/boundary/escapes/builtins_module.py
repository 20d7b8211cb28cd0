# hides: eval out of builtins
# caught by: source
import builtins
act = getattr(builtins, "ev" + "al")
