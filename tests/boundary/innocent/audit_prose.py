# looks like: the word in text and names of what is read
AUDIT_DOCS_URL = "https://example.org/audit"
def verify_audit_log(path):
    return path
def read_audit_records(path):
    return list(path)
