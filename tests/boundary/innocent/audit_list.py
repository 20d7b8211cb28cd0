# looks like: a list that is not an audit log
audited = []
audited.append(1)
