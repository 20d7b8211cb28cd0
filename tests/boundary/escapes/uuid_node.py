# hides: a process, inside a harmless-looking number
# caught by: source
import uuid
uuid.getnode()
