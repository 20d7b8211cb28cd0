# looks like: a method named execute in unrelated code
class Step:
    def execute(self):
        return 1
Step().execute()
