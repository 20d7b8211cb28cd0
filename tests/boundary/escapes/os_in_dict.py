# hides: a process, the module in a dictionary
# caught by: source
import os
TOOLS = {"a": {"b": os}}
TOOLS["a"]["b"].popen("id")
