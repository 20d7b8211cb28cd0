# looks like: members named like capabilities
import enum
class Kind(enum.Enum):
    SUBPROCESS = "subprocess"
    SOCKET = "socket"
    EXEC = "exec"
print(Kind.EXEC, Kind["SOCKET"])
