# hides: a licence judged
# caught by: source
def validate_license(text):
    return text.startswith("ARF-ENT-")
