# looks like: the words in text
MESSAGE = "validate the license with arf-enterprise; license_key is not read here"
