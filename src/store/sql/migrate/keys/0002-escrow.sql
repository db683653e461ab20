-- Keys that stand outside the epochs: wrapped by the root itself, and written down on paper when
-- the vault is made (crypto/words.h).
CREATE TABLE escrow_key (
	name     TEXT PRIMARY KEY,
	wrapped  {bytes} NOT NULL
) {clustered};
