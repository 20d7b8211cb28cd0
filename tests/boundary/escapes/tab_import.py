# hides: a process, its import with tabs
# caught by: source
import	subprocess
