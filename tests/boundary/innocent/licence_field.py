# looks like: a field called license
from dataclasses import dataclass
@dataclass
class Package:
    license: str
    license_files: tuple = ()
    license_text: str = ""
def license_header(path):
    return path.license
