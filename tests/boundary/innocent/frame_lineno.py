# looks like: line numbers of a traceback
def where(error):
    return error.__traceback__.tb_frame.f_code.co_name, error.__traceback__.tb_lineno
