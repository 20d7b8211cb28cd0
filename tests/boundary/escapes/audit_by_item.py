# hides: an audit record, by the first of several logs
# caught by: source
from logs import audit

audit[0].append("x")
