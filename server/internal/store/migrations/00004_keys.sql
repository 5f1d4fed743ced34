-- token_life is how long a token may live that is signed with the key; keys that are there may have signed for a day.
-- sealed is '' once a key cannot be needed any more.

-- +goose Up
ALTER TABLE signing_keys ADD COLUMN token_life BIGINT NOT NULL DEFAULT 86400000000;
ALTER TABLE signing_keys ADD COLUMN revoked_at BIGINT NOT NULL DEFAULT 0;

-- One row: which master key seals what is sealed, and the secret from which the server's other keys are derived.
CREATE TABLE vault (
	name   TEXT NOT NULL PRIMARY KEY,
	master TEXT NOT NULL,
	sealed TEXT NOT NULL
);

-- +goose Down
DROP TABLE vault;
ALTER TABLE signing_keys DROP COLUMN revoked_at;
ALTER TABLE signing_keys DROP COLUMN token_life;
