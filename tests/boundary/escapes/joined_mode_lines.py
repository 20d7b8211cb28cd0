# hides: a mode, its text in literals on two lines
# caught by: source
settings = dict(
    mode=(
        "auto"  # split here
        "nomous"
    )
)
