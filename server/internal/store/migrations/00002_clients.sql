-- +goose Up
-- The secret is 256 random bits, so its SHA-256 in hexadecimal is kept. access_expires_at is
-- when the last access token of the client has expired everywhere: until then its revocation counts.
CREATE TABLE clients (
	id                TEXT   NOT NULL PRIMARY KEY,
	name              TEXT   NOT NULL,
	secret_hash       TEXT   NOT NULL,
	scopes            TEXT   NOT NULL,
	version           BIGINT NOT NULL,
	created_at        BIGINT NOT NULL,
	access_expires_at BIGINT NOT NULL,
	revoked_at        BIGINT NOT NULL
);
CREATE UNIQUE INDEX clients_name ON clients (name) WHERE revoked_at = 0;

-- +goose Down
DROP TABLE clients;
