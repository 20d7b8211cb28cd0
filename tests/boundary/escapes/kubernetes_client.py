# hides: a cluster
# caught by: source
from kubernetes import client, config
