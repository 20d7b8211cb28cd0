# hides: a connection, by a generated stub
# caught by: source
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc
trace_service_pb2_grpc.TraceServiceStub(None)
