# looks like: text shown to users
FEATURES = {"audit": "requires Enterprise: audit trails", "execute": "requires Enterprise: autonomous execution", "license": "needs a license key"}
