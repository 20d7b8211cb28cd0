# hides: a process, in a field of several lines
# caught by: source
import os
x = f"""
# {os.system('id')}
"""
