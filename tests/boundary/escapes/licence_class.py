# hides: a licence server
# caught by: source
class LicenseManager:
    pass
