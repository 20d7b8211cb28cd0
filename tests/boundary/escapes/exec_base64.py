# hides: code behind base64
# caught by: source
import base64
exec(base64.b64decode("cHJpbnQoMSk="))
