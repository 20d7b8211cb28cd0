# looks like: prose with the words of SQL
HELP = "Delete from the list where possible, insert into the queue, update the set; create table lamps as you like."
def show(write):
    write(HELP)
