# SPDX-License-Identifier: Apache-2.0
"""What a required distribution brings in, where its name is not that of its module. Data only."""

from __future__ import annotations

from typing import Final

DISTRIBUTIONS: Final = {
    "psycopg2-binary": "DATABASE",
    "psycopg-binary": "DATABASE",
    "psycopg-pool": "DATABASE",
    "mysqlclient": "DATABASE",
    "mysql-connector-python": "DATABASE",
    "kafka-python": "DATABASE",
    "confluent-kafka": "DATABASE",
    "qdrant-client": "DATABASE",
    "weaviate-client": "DATABASE",
    "pinecone-client": "DATABASE",
    "redis-py": "DATABASE",
    "neo4j-driver": "DATABASE",
    "elasticsearch7": "DATABASE",
    "cassandra-driver": "DATABASE",
    "clickhouse-driver": "DATABASE",
    "influxdb-client": "DATABASE",
    "opensearch-py": "DATABASE",
    "python-arango": "DATABASE",
    "docker-py": "ORCHESTRATE",
    "apache-airflow": "ORCHESTRATE",
    "ansible-core": "ORCHESTRATE",
    "ansible-runner": "ORCHESTRATE",
    "google-cloud-compute": "ORCHESTRATE",
    "azure-mgmt-compute": "ORCHESTRATE",
    "google-api-python-client": "ORCHESTRATE",
    "python-openstackclient": "ORCHESTRATE",
    "python-terraform": "ORCHESTRATE",
    "python-consul": "ORCHESTRATE",
    "python-etcd": "ORCHESTRATE",
    "pyzmq": "NETWORK",
    "grpcio": "NETWORK",
    "websocket-client": "NETWORK",
    "pysocks": "NETWORK",
    "dnspython": "NETWORK",
    "slack-sdk": "NETWORK",
    "pywin32": "PROCESS",
    "ipython": "DYN-CODE",
    "arf-enterprise": "ENTERPRISE",
    "python-daemon": "PROCESS",
    "pyobjc": "NATIVE",
    "jpype1": "NATIVE",
}
"""Distributions whose name is not the name of the module they install; all others are looked up in MODULES."""
