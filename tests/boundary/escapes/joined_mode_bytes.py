# hides: a mode, decoded
# caught by: source
import codecs
mode = codecs.decode("nhgbabzbhf", "rot13")
