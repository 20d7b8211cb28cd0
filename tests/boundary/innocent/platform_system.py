# looks like: platform.system
import platform
NAME = platform.system()
