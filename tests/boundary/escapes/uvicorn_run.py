# hides: a server started without a grant
# caught by: source
import uvicorn
uvicorn.run("x:app", workers=4)
