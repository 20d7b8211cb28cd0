# SPDX-License-Identifier: Apache-2.0
"""What each module and member makes possible: one row a rule, read by ``judge``. Data only.

``MODULES`` rows hold for the module and everything below it, and importing it is the finding. ``MEMBERS`` rows name
one attribute of a
module that is otherwise harmless; naming it is the finding. ``METHODS`` rows name methods by name: a second field
limits them to values
that come from a module.
"""

from __future__ import annotations

from typing import Final

from boundary.modules import MODULES, rows_of

MEMBERS: Final = rows_of(
    {
        "PROCESS": """os.system os.popen os.popen2 os.popen3 os.popen4 os.execl os.execle os.execlp os.execlpe
            os.execv os.execve os.execvp os.execvpe
            os._execvpe os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe
            os._spawnvef os.posix_spawn os.posix_spawnp
            os.fork os.fork1 os.forkpty os.vfork os.kill os.killpg os.startfile os.setns os.unshare
            os.chroot os.add_dll_directory
            asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.subprocess
            concurrent.futures.ProcessPoolExecutor concurrent.futures.InterpreterPoolExecutor signal.pthread_kill
            signal.pidfd_send_signal cProfile.run cProfile.runctx profile.run profile.runctx trace.Trace
            platform.popen
            platform.architecture platform.processor uuid.getnode uuid._ipconfig_getter
            pydoc.pager pydoc.pipepager pydoc.pipe_pager pydoc.tempfilepager pydoc.help pydoc.browse pydoc.apropos
            pydoc.locate pydoc.safeimport pydoc.cli
            typer.launch typer.edit typer.echo_via_pager click.launch click.edit click.echo_via_pager
            click.termui.launch click.termui.edit
            click._termui_impl.open_url click._termui_impl.Editor click._termui_impl.pager rich.console.PagerContext
            mcp.StdioServerParameters mcp.stdio_client anyio.run_process anyio.open_process trio.run_process
            trio.lowlevel.open_process pty.spawn ctypes.util.find_library numpy.testing.runstring
            numpy.testing.measure
            numpy.testing.rundocs mailcap.findmatch mailcap.subst
            tkinter.Tk tkinter.Tcl logging.config.listen setuptools.setup""",
        "NETWORK": """asyncio.open_connection asyncio.open_unix_connection asyncio.streams asyncio.sslproto
            urllib.request urllib.urlopen urllib.urlretrieve
            http.client logging.handlers.SocketHandler logging.handlers.DatagramHandler logging.handlers.SysLogHandler
            logging.handlers.SMTPHandler
            logging.handlers.HTTPHandler logging.handlers.NTEventLogHandler numpy.DataSource
            numpy.lib.npyio.DataSource numpy.lib._datasource.DataSource
            numpy.lib._datasource numpy.lib._datasource.open anyio.connect_tcp anyio.connect_unix
            anyio.create_udp_socket anyio.create_connected_udp_socket
            trio.open_tcp_stream trio.open_ssl_over_tcp_stream trio.open_unix_socket matplotlib.cbook.get_sample_data
                pandas.read_html """,
        "LISTEN": """asyncio.start_server asyncio.start_unix_server anyio.create_tcp_listener
            anyio.create_unix_listener trio.serve_tcp trio.open_tcp_listeners
            pydoc._start_server pydoc._url_handler logging.config.listen""",
        "NATIVE": """sys.setdlopenflags numpy.ctypeslib faiss.swig_ptr
            faiss.rev_swig_ptr faiss.memcpy faiss.swigfaiss faiss._swigfaiss             """,
        "DYN-CODE": """builtins.exec builtins.eval builtins.compile builtins.execfile builtins.breakpoint
            builtins.help timeit.timeit timeit.repeat timeit.Timer             types.FunctionType types.LambdaType
            types.CodeType codeop.compile_command code.interact code.InteractiveInterpreter
                                    """,
        "DYN-IMPORT": """pkgutil.resolve_name pkgutil.walk_packages pkgutil.find_loader pkgutil.get_loader
            pkgutil.ImpImporter pkgutil.ImpLoader
            pkgutil.iter_importers pkgutil.zipimporter importlib.find_loader importlib.reload
            importlib.metadata.EntryPoint pydantic.ImportString pydantic.types.ImportString
            pydantic.PyObject pydantic.v1.PyObject pydantic.v1.utils.import_string
            pydantic._internal._validators.import_string pydantic.utils.import_string
            logging.config._resolve logging.config.BaseConfigurator logging.config.DictConfigurator
            logging.config.fileConfig logging._importer
            logging.config.ConvertingDict unittest.mock._importer             numpy.lookfor             """,
        "DYN-UNPICKLE": """pickle.load pickle.loads pickle.Unpickler pickle._Unpickler pickle._load pickle._loads
            pandas.read_pickle
            yaml.unsafe_load yaml.unsafe_load_all yaml.full_load yaml.full_load_all yaml.UnsafeLoader yaml.FullLoader
            yaml.Loader
            yaml.CLoader yaml.CUnsafeLoader yaml.CFullLoader yaml.constructor.UnsafeConstructor
            yaml.constructor.FullConstructor yaml.loader.UnsafeLoader yaml.loader.Loader
            yaml.loader.FullLoader yaml.constructor.Constructor """,
        "FILES": """starlette.responses.FileResponse fastapi.responses.FileResponse""",
        "SIGN": """cryptography.hazmat.primitives.asymmetric.ed25519.Ed25519PrivateKey
            cryptography.hazmat.primitives.asymmetric.ed448.Ed448PrivateKey
            cryptography.hazmat.primitives.asymmetric.x25519.X25519PrivateKey
            cryptography.hazmat.primitives.asymmetric.x448.X448PrivateKey
            cryptography.hazmat.primitives.asymmetric.rsa.RSAPrivateKey
            cryptography.hazmat.primitives.asymmetric.rsa.RSAPrivateNumbers
            cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key
            cryptography.hazmat.primitives.asymmetric.ec.EllipticCurvePrivateKey
            cryptography.hazmat.primitives.asymmetric.ec.EllipticCurvePrivateNumbers
            cryptography.hazmat.primitives.asymmetric.ec.generate_private_key
            cryptography.hazmat.primitives.asymmetric.ec.derive_private_key
            cryptography.hazmat.primitives.asymmetric.dsa.DSAPrivateKey
            cryptography.hazmat.primitives.asymmetric.dsa.DSAPrivateNumbers
            cryptography.hazmat.primitives.asymmetric.dsa.generate_private_key
            cryptography.hazmat.primitives.asymmetric.dh.DHPrivateKey
            cryptography.hazmat.primitives.asymmetric.dh.DHPrivateNumbers
            cryptography.hazmat.primitives.asymmetric.mldsa.MLDSA44PrivateKey
            cryptography.hazmat.primitives.asymmetric.mldsa.MLDSA65PrivateKey
            cryptography.hazmat.primitives.asymmetric.mldsa.MLDSA87PrivateKey
            cryptography.hazmat.primitives.serialization.load_pem_private_key
            cryptography.hazmat.primitives.serialization.load_der_private_key
            cryptography.hazmat.primitives.serialization.load_ssh_private_key
            cryptography.hazmat.primitives.serialization.PrivateFormat
            cryptography.hazmat.primitives.serialization.BestAvailableEncryption
            cryptography.hazmat.primitives.serialization.ssh.load_ssh_private_key
            cryptography.hazmat.primitives.serialization.base.load_pem_private_key
            cryptography.hazmat.primitives.serialization.base.load_der_private_key
            cryptography.hazmat.primitives.serialization.pkcs7.PKCS7SignatureBuilder
            cryptography.hazmat.primitives.serialization.SSHCertificateBuilder
            cryptography.x509.CertificateBuilder cryptography.x509.CertificateSigningRequestBuilder
            cryptography.x509.CertificateRevocationListBuilder cryptography.x509.ocsp.OCSPResponseBuilder""",
        "UNDECIDED": "sys.modules.values sys.modules.items sys.modules.copy",
        "DYN-GRAPH": """gc.get_objects gc.get_referrers gc.get_referents sys._current_frames sys._current_exceptions
            """,
        "DYN-SYSTEM": """
            sys.path.append sys.path.insert sys.path.extend sys.path.remove sys.path.pop sys.path.clear
            sys.modules.update sys.modules.clear sys.modules.popitem sys.modules.__setitem__
            sys.modules.__delitem__ sys.modules.pop sys.modules.setdefault sys.path.__setitem__
            sys.path.__iadd__ sys.meta_path sys.path_hooks sys.path_importer_cache
        """,
    }
)
"""Members whose very name is the capability. ``importlib.util`` and its kin are narrowed by HARMLESS."""

HARMLESS: Final = frozenset(
    """importlib.util.find_spec importlib.util.cache_from_source importlib.util.source_from_cache
    importlib.util.decode_source importlib.util.MAGIC_NUMBER importlib.util.resolve_name
    importlib.machinery.ModuleSpec importlib.machinery.SOURCE_SUFFIXES importlib.machinery.EXTENSION_SUFFIXES
    importlib.machinery.all_suffixes importlib.machinery.BYTECODE_SUFFIXES
    importlib.machinery.DEBUG_BYTECODE_SUFFIXES importlib.machinery.OPTIMIZED_BYTECODE_SUFFIXES
    importlib.abc.Traversable importlib.abc.ResourceReader importlib.abc.TraversableResources
    importlib.abc.Loader importlib.abc.MetaPathFinder importlib.abc.PathEntryFinder importlib.abc.InspectLoader
    importlib.abc.SourceLoader
    site.getsitepackages site.getusersitepackages site.getuserbase site.USER_SITE site.USER_BASE site.PREFIXES
    site.ENABLE_USER_SITE
    marshal.dumps marshal.dump marshal.version http.client.responses""".split()
)
"""Members of capable modules that carry no capability of their own: constants, exception and abstract types, pure
text."""

LATENT: Final = frozenset("importlib.util importlib.machinery importlib.abc site marshal".split())
"""Modules whose import alone does nothing that matters: what is used of them is judged, member by member."""

METHODS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "subprocess_exec": ("PROCESS", ()),
    "subprocess_shell": ("PROCESS", ()),
    "pager": ("PROCESS", ("rich.console", "rich.get_console")),
    "create_connection": ("NETWORK", ("asyncio", "uvloop")),
    "create_unix_connection": ("NETWORK", ()),
    "create_datagram_endpoint": ("NETWORK", ()),
    "sock_connect": ("NETWORK", ()),
    "sock_sendto": ("NETWORK", ()),
    "create_server": ("LISTEN", ("asyncio", "uvloop")),
    "private_bytes": ("SIGN", ()),
    "private_bytes_raw": ("SIGN", ()),
    "from_private_bytes": ("SIGN", ()),
    "exec_module": ("DYN-IMPORT", ()),
    "load_module": ("DYN-IMPORT", ()),
    "load": (
        "DYN-IMPORT",
        ("importlib.metadata.entry_points", "importlib_metadata.entry_points", "importlib.metadata.distribution"),
    ),
}

CALLED: Final = frozenset(
    """
        types.FunctionType types.LambdaType types.CodeType timeit.timeit timeit.repeat timeit.Timer
        importlib.metadata.EntryPoint
    """.split()
)
"""Members that matter only when called: ``isinstance(x, types.FunctionType)`` is an honest question."""

BUILTINS: Final = {
    "exec": "DYN-CODE",
    "eval": "DYN-CODE",
    "execfile": "DYN-CODE",
    "compile": "DYN-CODE",
    "breakpoint": "DYN-CODE",
    "help": "PROCESS",
    "__loader__": "DYN-IMPORT",
}

REEXPORTED: Final = frozenset(
    """os posix nt sys subprocess builtins socket importlib ctypes multiprocessing asyncio signal runpy pty pickle
    marshal types inspect gc shelve sqlite3 webbrowser urllib http
    operator functools io codecs pkgutil threading tempfile shutil platform site code pdb imp ssl smtplib ftplib
        _posixsubprocess""".split()
)
"""Module names by which the standard library's modules carry them along: ``pathlib.os`` is ``os``."""

CARRIED_ANYWHERE: Final = frozenset(
    """
        os sys posix nt subprocess builtins importlib ctypes multiprocessing sqlite3 runpy pickle webbrowser
        shutil asyncio
    """.split()
)
"""The same for modules of anyone, where a name such as ``code`` may as well be their own."""

INERT: Final = frozenset(
    """
        math cmath operator errno itertools time keyword unicodedata stat string _operator html.entities
        struct zlib binascii colorsys bisect heapq array
    """.split()
)
"""Modules from which no attribute leads anywhere: any name may be looked up on them."""

NAMESPACES: Final = frozenset(("__globals__", "f_globals", "func_globals"))
"""Attributes that give the namespace of a module as a dict."""

INTERESTING: Final = (
    frozenset(
        part for name in (*MODULES, *MEMBERS) for part in (name.rpartition(".")[2], f"_{name.rpartition('.')[2]}")
    )
    | METHODS.keys()
    | {form for name in REEXPORTED if name in MODULES for form in (name, f"_{name}")}
    | NAMESPACES
    | {"__dict__", "modules", "__builtins__", "f_builtins", "__subclasses__", "__self__", "__loader__"}
)
"""Attribute names that can complete a finding; no other attribute is evaluated for its own sake."""

SPECIAL: Final = BUILTINS.keys() | {"__import__", "__builtins__"}
"""Builtin names that are a finding, or the namespace of one, wherever they are read."""
