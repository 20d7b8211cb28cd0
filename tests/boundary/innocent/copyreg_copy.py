# looks like: copies
import copy
X = copy.deepcopy({"subprocess": "os.system"})
