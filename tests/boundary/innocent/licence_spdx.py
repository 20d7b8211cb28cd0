# looks like: licence headers of files
def check_license_headers(folder):
    return [p for p in folder if "SPDX" in p]
