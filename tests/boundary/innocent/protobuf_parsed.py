# looks like: a message is parsed

def parsed(data: bytes) -> object:
    """The request in ``data``."""
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    return ExportMetricsServiceRequest.FromString(data)
