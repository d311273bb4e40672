/**
 * The configuration of `lokits serve` without a file: one process, reached from this machine only, that
 * keeps everything in one folder. It differs from Loki 2.9.1's defaults where those would turn a newcomer's
 * first lines or questions away.
 */
export const ZERO_CONFIG = `auth_enabled: false
server:
  http_listen_address: 127.0.0.1
  http_listen_port: 3100
common:
  path_prefix: ./lokits-data
  replication_factor: 1
  instance_addr: 127.0.0.1
  ring:
    kvstore:
      store: inmemory
  storage:
    filesystem:
      chunks_directory: ./lokits-data/chunks
      rules_directory: ./lokits-data/rules
schema_config:
  configs:
    - from: 1970-01-01
      store: tsdb
      object_store: filesystem
      schema: v13
      index:
        prefix: index_
        period: 24h
limits_config:
  allow_structured_metadata: true
  reject_old_samples: false
  volume_enabled: true
  query_timeout: 5m
`;
