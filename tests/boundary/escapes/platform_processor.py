# hides: a process, inside a harmless-looking question
# caught by: source
import platform
platform.processor()
