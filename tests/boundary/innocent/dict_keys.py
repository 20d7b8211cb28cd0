# looks like: keys named like modules
TABLE = {"os": "Linux", "subprocess": 1}
print(TABLE["os"], TABLE.get("subprocess"))
