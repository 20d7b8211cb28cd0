# hides: an audit record written
# caught by: source
def record(audit_log, entry):
    audit_log.append(entry)
