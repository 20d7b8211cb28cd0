# looks like: json
import json
print(json.dumps(json.loads("{}")))
