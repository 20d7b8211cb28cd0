# hides: a licence key taken
# caught by: source
def create(license_key=None):
    return license_key
