# hides: an import hook
# caught by: source
import sys
sys.meta_path.insert(0, object())
