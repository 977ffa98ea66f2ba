CREATE TABLE alias (
  model INTEGER NOT NULL REFERENCES model,
  alias TEXT NOT NULL,
  version INTEGER NOT NULL REFERENCES model_version,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  why TEXT,
  PRIMARY KEY (model, alias)
) STRICT, WITHOUT ROWID;

CREATE TABLE alias_change (
  number INTEGER PRIMARY KEY,
  model INTEGER NOT NULL REFERENCES model,
  alias TEXT NOT NULL,
  version TEXT,
  previous TEXT,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  why TEXT
) STRICT;

CREATE INDEX alias_change_by_alias ON alias_change (model, alias, number);

CREATE TABLE annotation (
  number INTEGER PRIMARY KEY,
  model INTEGER NOT NULL REFERENCES model,
  version TEXT,
  author TEXT NOT NULL,
  text TEXT NOT NULL,
  written_at TEXT NOT NULL
) STRICT;

CREATE INDEX annotation_by_model ON annotation (model, number);

CREATE INDEX annotation_by_version ON annotation (model, version, number);

CREATE TABLE artifact (
  id INTEGER PRIMARY KEY,
  fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 16)
) STRICT;

CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  resource TEXT NOT NULL,
  status TEXT NOT NULL,
  why TEXT,
  correlation TEXT NOT NULL,
  data TEXT NOT NULL,
  previous BLOB NOT NULL CHECK (length(previous) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX audit_by_action ON audit (action, number);

CREATE INDEX audit_by_actor ON audit (actor, number);

CREATE INDEX audit_by_resource ON audit (resource, number);

CREATE INDEX audit_by_status ON audit (status, number) WHERE status <> 'done';

CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM audit)
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE INDEX build_by_graph ON run (graph, sequence) WHERE kind = 'build';

CREATE INDEX build_by_snapshot ON run (snapshot, sequence) WHERE kind = 'build';

CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  at TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  subject TEXT NOT NULL,
  run TEXT,
  correlation TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;

CREATE INDEX event_by_run ON event (run, number) WHERE run IS NOT NULL;

CREATE INDEX event_by_subject ON event (subject, number);

CREATE INDEX event_by_time ON event (at_ms);

CREATE INDEX event_by_type ON event (type, number);

CREATE TABLE graph (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE graph_description (
  graph INTEGER NOT NULL REFERENCES graph,
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),
  description TEXT NOT NULL,
  UNIQUE (graph, fingerprint)
) STRICT;

CREATE TABLE lease (
  name TEXT PRIMARY KEY,
  token INTEGER NOT NULL,
  holder TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE link (
  snapshot INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE,
  node INTEGER NOT NULL,
  place INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  PRIMARY KEY (snapshot, node, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE manifest (
  fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 16),
  text TEXT NOT NULL
) STRICT;

CREATE TABLE mark (
  sequence INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('pin', 'taint')),
  graph INTEGER NOT NULL REFERENCES graph,
  artifact_key TEXT NOT NULL,
  key TEXT NOT NULL,
  partition INTEGER NOT NULL,
  run TEXT,
  marked_at TEXT NOT NULL,
  marked_by TEXT NOT NULL,
  why TEXT NOT NULL,
  ended_at TEXT,
  ended_by TEXT,
  ended_why TEXT
) STRICT;

CREATE INDEX mark_by_graph ON mark (graph, kind, sequence);

CREATE INDEX mark_by_partition ON mark (partition) WHERE kind = 'pin' AND ended_at IS NULL;

CREATE UNIQUE INDEX mark_holding ON mark (graph, kind, artifact_key, key) WHERE ended_at IS NULL;

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE model (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (namespace, name)
) STRICT;

CREATE TABLE model_version (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  model INTEGER NOT NULL REFERENCES model,
  version TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  stage TEXT NOT NULL CHECK (stage IN ('development', 'staging', 'production', 'archived')),
  staged_at INTEGER NOT NULL,
  deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  framework TEXT,
  run TEXT,
  content BLOB,
  partition INTEGER,
  revision INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (model, version),
  UNIQUE (model, sequence)
) STRICT;

CREATE TABLE node (
  id INTEGER PRIMARY KEY,
  graph INTEGER NOT NULL REFERENCES graph,
  key TEXT NOT NULL,
  UNIQUE (graph, key)
) STRICT;

CREATE TABLE partition (
  id INTEGER PRIMARY KEY,
  artifact INTEGER NOT NULL REFERENCES artifact,
  key TEXT NOT NULL,
  input BLOB NOT NULL CHECK (length(input) IN (0, 16)),
  content BLOB NOT NULL CHECK (length(content) = 16),
  sequence INTEGER NOT NULL,
  damaged INTEGER NOT NULL,
  written_at INTEGER NOT NULL,
  size INTEGER NOT NULL,
  digest BLOB,
  storage TEXT NOT NULL,
  location TEXT NOT NULL,
  run TEXT,
  value BLOB
) STRICT;

CREATE UNIQUE INDEX partition_by_identity ON partition (artifact, key, input, content);

CREATE INDEX partition_by_location ON partition (location, storage);

CREATE TABLE partition_quality (
  partition INTEGER PRIMARY KEY,
  statistics TEXT,
  findings TEXT NOT NULL
) STRICT;

CREATE TABLE place (
  id INTEGER PRIMARY KEY,
  node INTEGER NOT NULL REFERENCES node,
  key TEXT NOT NULL,
  latest INTEGER NOT NULL,
  UNIQUE (node, key)
) STRICT;

CREATE TABLE quarantine (
  sequence INTEGER PRIMARY KEY,
  graph INTEGER NOT NULL REFERENCES graph,
  artifact_key TEXT NOT NULL,
  key TEXT NOT NULL,
  partition INTEGER NOT NULL,
  run TEXT,
  made_at TEXT NOT NULL,
  findings TEXT NOT NULL,
  ended_at TEXT
) STRICT;

CREATE INDEX quarantine_by_graph ON quarantine (graph, sequence);

CREATE INDEX quarantine_by_partition ON quarantine (partition) WHERE ended_at IS NULL;

CREATE TABLE run (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  parent TEXT,
  kind TEXT NOT NULL,
  graph INTEGER NOT NULL REFERENCES graph,
  snapshot BLOB,
  producer TEXT,
  version TEXT,
  key TEXT,
  input BLOB,
  state TEXT NOT NULL,
  reason TEXT,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  attempts INTEGER NOT NULL,
  duration REAL,
  error TEXT,
  holder TEXT NOT NULL
, started_ms INTEGER, ended_ms INTEGER, namespace TEXT, name TEXT, engine TEXT, task TEXT) STRICT;

CREATE INDEX run_by_age ON run (sequence) WHERE kind <> 'step';

CREATE INDEX run_by_input ON run (input, sequence) WHERE input IS NOT NULL;

CREATE INDEX run_by_parent ON run (parent, sequence) WHERE parent IS NOT NULL;

CREATE INDEX run_by_partition ON run_partition (direction, partition);

CREATE TABLE run_partition (
  run INTEGER NOT NULL REFERENCES run,
  direction INTEGER NOT NULL,
  name TEXT NOT NULL,
  partition INTEGER NOT NULL,
  PRIMARY KEY (run, direction, name, partition)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_running ON run (graph, sequence) WHERE state = 'running';

CREATE TABLE snapshot (
  id INTEGER PRIMARY KEY,
  fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 16),
  graph INTEGER NOT NULL REFERENCES graph,
  graph_fingerprint BLOB NOT NULL CHECK (length(graph_fingerprint) = 16),
  state TEXT NOT NULL,
  created_at TEXT NOT NULL,
  sequence INTEGER NOT NULL UNIQUE
) STRICT;

CREATE INDEX snapshot_by_graph ON snapshot (graph, sequence);

CREATE TABLE submission (
  key TEXT PRIMARY KEY,
  taken_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX submission_by_time ON submission (taken_at);

CREATE TABLE tag (
  graph INTEGER NOT NULL REFERENCES graph,
  tag TEXT NOT NULL,
  snapshot INTEGER NOT NULL REFERENCES snapshot,
  sequence INTEGER NOT NULL,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  why TEXT,
  PRIMARY KEY (graph, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX tag_by_snapshot ON tag (snapshot);

CREATE TABLE tag_change (
  sequence INTEGER PRIMARY KEY,
  graph INTEGER NOT NULL REFERENCES graph,
  tag TEXT NOT NULL,
  snapshot BLOB,
  previous BLOB,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  why TEXT
) STRICT;

CREATE INDEX tag_change_by_tag ON tag_change (graph, tag, sequence);

CREATE INDEX task_by_age ON run (sequence) WHERE kind = 'task';

CREATE INDEX task_by_content ON task_content (content);

CREATE INDEX task_by_end ON run (ended_ms) WHERE ended_ms IS NOT NULL;

CREATE INDEX task_by_engine ON run (engine, sequence) WHERE engine IS NOT NULL;

CREATE INDEX task_by_name ON run (name, sequence) WHERE name IS NOT NULL;

CREATE INDEX task_by_namespace ON run (namespace, sequence) WHERE namespace IS NOT NULL;

CREATE TABLE task_content (
  run INTEGER NOT NULL REFERENCES run,
  content TEXT NOT NULL,
  PRIMARY KEY (run, content)
) STRICT, WITHOUT ROWID;

CREATE TABLE transition (
  number INTEGER PRIMARY KEY,
  model INTEGER NOT NULL REFERENCES model,
  version TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  kind TEXT NOT NULL,
  from_stage TEXT,
  to_stage TEXT,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  why TEXT,
  forced INTEGER NOT NULL,
  gates TEXT,
  correlation TEXT NOT NULL
) STRICT;

CREATE INDEX transition_by_model ON transition (model, number);

CREATE INDEX transition_by_version ON transition (model, version, number);

CREATE INDEX version_by_content ON model_version (content, id) WHERE content IS NOT NULL;

CREATE INDEX version_by_framework ON model_version (framework, id) WHERE framework IS NOT NULL;

CREATE INDEX version_by_model_stage ON model_version (model, stage, staged_at) WHERE deleted = 0;

CREATE INDEX version_by_partition ON model_version (partition) WHERE partition IS NOT NULL AND deleted = 0;

CREATE INDEX version_by_run ON model_version (run, id) WHERE run IS NOT NULL;

CREATE INDEX version_by_stage ON model_version (stage, id) WHERE deleted = 0;

CREATE INDEX version_by_value ON version_value (place, key, kind, value);

CREATE UNIQUE INDEX version_in_production ON model_version (model) WHERE stage = 'production' AND deleted = 0;

CREATE TABLE version_value (
  version INTEGER NOT NULL REFERENCES model_version,
  place INTEGER NOT NULL,
  key TEXT NOT NULL,
  kind INTEGER NOT NULL,
  value ANY,
  PRIMARY KEY (version, place, key)
) STRICT, WITHOUT ROWID;
