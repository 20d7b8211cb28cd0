# SPDX-License-Identifier: Apache-2.0
"""What importing each module makes possible: one row a rule. A row holds for the module and everything below it. Data
only."""

from __future__ import annotations

from typing import Final


def rows_of(table: dict[str, str]) -> dict[str, str]:
    """The table turned round: the rule of each name."""
    return {name: rule for rule, names in table.items() for name in names.split()}


MODULES: Final = rows_of(
    {
        "PROCESS": """subprocess _posixsubprocess asyncio.subprocess asyncio.base_subprocess
            multiprocessing _multiprocessing concurrent.futures.process pty webbrowser antigravity idlelib turtledemo
            pip ensurepip venv distutils
            setuptools commands popen2 pexpect ptyprocess sh plumbum invoke sarge delegator psutil shellingham
            virtualenv xdist execnet pebble
            loky joblib.externals.loky billiard _winapi msilib winreg pywintypes win32api win32process win32com
            pythoncom wmi daemon envoy gevent.subprocess eventlet.green.subprocess
            fabric2 pipx uv poetry nox tox pyautogui pynput keyboard watchdog.tricks matplotlib.animation
            matplotlib.texmanager matplotlib.testing
            matplotlib.backends.backend_pgf numpy.distutils numpy.f2py rich.pager trio.lowlevel.open_process
            numpy.testing._private.extbuild
            fastapi.cli fastapi_cli opentelemetry.instrumentation mcp.client.stdio mcp.cli
            anyio.to_process typer.completion typer._completion_shared typer._completion_classes""",
        "NETWORK": """socket _socket ssl _ssl http.client urllib.request urllib.robotparser ftplib smtplib poplib
            imaplib nntplib telnetlib xmlrpc
            xmlrpc.client httplib httplib2 urllib2 httpx requests requests_html aiohttp urllib3 websockets websocket
            wsproto paramiko asyncssh scp netmiko
            ncclient pysftp fabric grpc grpclib pycurl tornado treq twisted zmq nng pynng httpcore h2 h3 niquests
            aioquic hpack impacket scapy dns
            aiodns pysnmp ldap3 ldap mcp fastmcp openai anthropic slack_sdk slack twilio sendgrid requests_toolbelt
            socks gevent eventlet curio
            trio.socket anyio.streams.tls faiss.contrib.rpc faiss.contrib.client_server huggingface_hub sentry_sdk
            datadog             prometheus_client.exposition asyncio.streams mechanize uvloop curl_cffi tls_client
            primp wget geventhttpclient aioftp aiosmtplib pyngrok
            httpx2 httpcore2 httpx_sse httpx_ws opentelemetry.exporter
            opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc
            opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc
            opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc
            starlette.testclient fastapi.testclient matplotlib.backends.backend_webagg
                matplotlib.backends.backend_nbagg""",
        "LISTEN": """socketserver http.server xmlrpc.server wsgiref.simple_server asyncore asynchat uvicorn hypercorn
            gunicorn waitress daphne granian
            smtpd aiosmtpd CGIHTTPServer SimpleHTTPServer BaseHTTPServer cheroot cherrypy bjoern meinheld""",
        "DATABASE": """sqlite3 _sqlite3 dbm _dbm _gdbm psycopg psycopg2 psycopg_pool psycopg_binary asyncpg pg8000
            sqlalchemy sqlmodel neo4j py2neo neomodel graphdatascience gqlalchemy memgraph
            pymongo motor mongoengine redis aioredis valkey pymysql MySQLdb mysql aiomysql mariadb cx_Oracle oracledb
            pyodbc pymssql aioodbc aiosqlite peewee
            tortoise pony databases duckdb clickhouse_driver clickhouse_connect cassandra couchdb influxdb
            influxdb_client elasticsearch
            opensearchpy kafka aiokafka confluent_kafka pika aio_pika stomp nats pulsar pymemcache memcache etcd3
            consul tinydb zodb ZODB lmdb plyvel rocksdb
            leveldb arangodb arango snowflake google.cloud.bigquery databricks pinecone qdrant_client weaviate
            chromadb milvus pymilvus procrastinate kombu
            sqlite_utils apsw pysqlite2 pysqlite3 edgedb surrealdb cozo kuzu dgraph pydgraph ladybug pgvector alembic
                django.db""",
        "ORCHESTRATE": """kubernetes kubernetes_asyncio kr8s lightkube openshift docker podman aiodocker boto3
            botocore aiobotocore azure google.cloud googleapiclient
            celery dramatiq rq huey arq dbos temporalio prefect airflow dagster luigi ansible ansible_runner salt
            pulumi terraform cdktf libcloud openstack
            hvac nomad haproxyadmin haproxy_api pyVmomi proxmoxer ray dask.distributed distributed mesos apscheduler
            zeebe
            restate inngest hatchet_sdk cadence helm pyhelm digitalocean linode_api4 hcloud oci ibm_cloud""",
        "ENTERPRISE": "arf_enterprise arf_core_enterprise arf_mcp_enterprise agentic_reliability_enterprise",
        "NATIVE": """ctypes _ctypes cffi _cffi_backend numpy.ctypeslib numpy.core._dtype_ctypes cython Cython
            pyximport numba llvmlite pythran weave comtypes
            pybind11 nanobind jpype py4j pyjnius rubicon ctypesgen cppyy wasmtime wasmer frida keystone unicorn
            torch.utils.cpp_extension
            cupy pycuda pyopencl keyring.backends capstone bcc pyroute2 ptrace _testcapi _testinternalcapi
                _xxsubinterpreters _interpreters cryptography.hazmat.bindings google.protobuf.pyext google._upb""",
        "FILES": "starlette.staticfiles fastapi.staticfiles starlette.templating fastapi.templating",
        "SIGN": """cryptography.hazmat.primitives.serialization.pkcs12 cryptography.hazmat.primitives.hpke
            cryptography.fernet nacl.signing nacl.public ecdsa""",
        "DYN-CODE": """runpy code codeop bdb pdb ipdb pudb IPython ptpython bpython doctest rlcompleter lib2to3
            jupyter_client ipykernel nbconvert RestrictedPython asteval
            numexpr simpleeval py_compile compileall js2py dukpy quickjs lupa """,
        "DYN-IMPORT": """imp zipimport importlib.machinery importlib.util importlib.abc importlib._bootstrap
            importlib._bootstrap_external
            _frozen_importlib _frozen_importlib_external _imp modulefinder pkg_resources stevedore sitecustomize
            usercustomize site
            zipapp pluginbase """,
        "DYN-UNPICKLE": """
            shelve dill cloudpickle jsonpickle joblib hickle klepto pickle5 cPickle marshal
            jsonpickle.unpickler
        """,
    }
)
