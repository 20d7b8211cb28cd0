# looks like: names of tests
def test_subprocess_is_not_imported():
    assert True
def test_exec_and_eval_are_refused():
    assert True
