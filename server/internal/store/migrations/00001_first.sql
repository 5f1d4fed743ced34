-- Ids are TEXT, times BIGINT microseconds since 1970 in UTC with 0 for none, lists
-- are TEXT separated by single spaces.

-- +goose Up
CREATE TABLE users (
	id            TEXT   NOT NULL PRIMARY KEY,
	name          TEXT   NOT NULL,
	name_folded   TEXT   NOT NULL,
	canonical     TEXT   NOT NULL,
	email         TEXT   NOT NULL,
	email_folded  TEXT   NOT NULL,
	password_hash TEXT   NOT NULL,
	roles         TEXT   NOT NULL,
	administrator BIGINT NOT NULL,
	scopes        TEXT   NOT NULL,
	version       BIGINT NOT NULL,
	created_at    BIGINT NOT NULL,
	updated_at    BIGINT NOT NULL,
	disabled_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_canonical ON users (canonical);
CREATE INDEX users_administrators ON users (id) WHERE administrator = 1 AND disabled_at = 0;

CREATE TABLE sessions (
	id                TEXT   NOT NULL PRIMARY KEY,
	user_id           TEXT   NOT NULL REFERENCES users (id),
	generation        BIGINT NOT NULL,
	scopes            TEXT   NOT NULL,
	address           TEXT   NOT NULL,
	user_agent        TEXT   NOT NULL,
	created_at        BIGINT NOT NULL,
	auth_time         BIGINT NOT NULL,
	rotated_at        BIGINT NOT NULL,
	last_used_at      BIGINT NOT NULL,
	idle_expires_at   BIGINT NOT NULL,
	expires_at        BIGINT NOT NULL,
	access_expires_at BIGINT NOT NULL,
	ended_at          BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_idle ON sessions (idle_expires_at);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at > 0;

CREATE TABLE revocations (
	kind       TEXT   NOT NULL,
	id         TEXT   NOT NULL,
	below      BIGINT NOT NULL,
	stored_at  BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (kind, id)
);
CREATE INDEX revocations_stored ON revocations (stored_at);
CREATE INDEX revocations_expiry ON revocations (expires_at);

CREATE TABLE signing_keys (
	kid          TEXT   NOT NULL PRIMARY KEY,
	algorithm    TEXT   NOT NULL,
	state        TEXT   NOT NULL,
	sealed       TEXT   NOT NULL,
	created_at   BIGINT NOT NULL,
	activated_at BIGINT NOT NULL,
	retired_at   BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (state) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_next ON signing_keys (state) WHERE state = 'next';

CREATE TABLE sign_in_failures (
	counter    TEXT   NOT NULL PRIMARY KEY,
	failures   BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_failures_expiry ON sign_in_failures (expires_at);

-- An id carries the time at which it was given, never before the event's own: the
-- order of ids is the order of time, and happened_at is never after it.
CREATE TABLE audit (
	id           TEXT   NOT NULL PRIMARY KEY,
	happened_at  BIGINT NOT NULL,
	action       TEXT   NOT NULL,
	outcome      TEXT   NOT NULL,
	reason       TEXT   NOT NULL,
	actor_id     TEXT   NOT NULL,
	actor_name   TEXT   NOT NULL,
	subject_id   TEXT   NOT NULL,
	subject_name TEXT   NOT NULL,
	target       TEXT   NOT NULL,
	address      TEXT   NOT NULL,
	user_agent   TEXT   NOT NULL,
	request_id   TEXT   NOT NULL,
	occurrences  BIGINT NOT NULL
);
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX audit_actor ON audit (actor_id, id);
CREATE INDEX audit_subject ON audit (subject_id, id) WHERE subject_id <> actor_id;
CREATE INDEX audit_refused ON audit (id) WHERE outcome = 'refused';

-- A row here is updated by whoever must be alone in checking a rule about many rows.
CREATE TABLE turns (
	name TEXT   NOT NULL PRIMARY KEY,
	turn BIGINT NOT NULL
);
INSERT INTO turns (name, turn) VALUES ('administrators', 0);

-- What the last server on this data was told, for commands that are not.
CREATE TABLE settings (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);

-- +goose Down
DROP TABLE settings;
DROP TABLE turns;
DROP TABLE audit;
DROP TABLE sign_in_failures;
DROP TABLE signing_keys;
DROP TABLE revocations;
DROP TABLE sessions;
DROP TABLE users;
