# looks like: names with exec and eval inside
def evaluate(executor, retrieval):
    return executor.submit(retrieval.evaluation)
