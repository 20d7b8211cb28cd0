# -*- coding: latin-1 -*-
# looks like: another encoding
name = 'Zürich'
