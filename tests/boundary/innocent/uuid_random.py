# looks like: a random identifier
import uuid
ID = uuid.uuid4()
