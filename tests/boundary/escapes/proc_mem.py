# hides: the memory of this process as a file
# caught by: source
with open("/proc/self/mem", "r+b") as memory:
    memory.seek(0)
