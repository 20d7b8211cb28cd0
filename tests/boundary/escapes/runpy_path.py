# hides: a file that is run
# caught by: source
import runpy
runpy.run_path("x.py")
