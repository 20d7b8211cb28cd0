# looks like: the forbidden words in comments
# import subprocess; os.system("rm"); exec("x"); MERGE (n:Node)
X = 1
