# looks like: a statement printed
print("INSERT INTO x (a) VALUES (1)")
