# -*- coding: utf-7 -*-
# hides: a process, behind a cookie that turns this comment into code: +AAo-import subprocess
# caught by: source
