# hides: a process, through a submodule attribute
# caught by: source
import asyncio
spawn = asyncio.subprocess.create_subprocess_shell
