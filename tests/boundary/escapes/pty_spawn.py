# hides: a terminal process
# caught by: source
import pty
