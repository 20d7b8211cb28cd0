# hides: a process, os under another name
# caught by: source
import os as system_information
system_information.system("id")
