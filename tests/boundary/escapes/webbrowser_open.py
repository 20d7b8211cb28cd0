# hides: a browser process
# caught by: source
import webbrowser
