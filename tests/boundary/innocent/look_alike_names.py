# looks like: variables that merely look alike
executed_count = 0
subprocess_free = True
socket_timeout_seconds = 3.0
os_system_name = "linux"
