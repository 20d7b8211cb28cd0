# hides: an audit writer defined
# caught by: source
def write_audit_record(entry):
    return entry
