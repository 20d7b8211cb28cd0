# hides: a process, by a walrus in a comprehension
# caught by: source
import os
found = [(tool := m) for m in [os]]
tool.system("id")
