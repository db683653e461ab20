-- Witnesses of the audit log, and what they cosigned (audit/witness.h).

-- name: witness_all
SELECT no, id, vkey, added_at FROM witness ORDER BY no;

-- name: witness_add
INSERT INTO witness (no, id, vkey, added_at) VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM witness), $1, $2, $3);

-- name: witness_drop
DELETE FROM witness WHERE no = $1;

-- name: witness_drop_all
DELETE FROM witness;

-- name: cosignature_drop_of
DELETE FROM cosignature WHERE witness = $1;

-- name: cosignature_drop_all
DELETE FROM cosignature;

-- name: cosigned_drop_all
DELETE FROM cosigned;

-- name: cosigned_drop_bare
DELETE FROM cosigned WHERE NOT EXISTS (
	SELECT 1 FROM cosignature WHERE cosignature.tree = cosigned.tree AND cosignature.size = cosigned.size);

-- Of one size there is one root, but the origin may have been put anew.
-- name: cosigned_put
INSERT INTO cosigned (tree, size, day, origin, note) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tree, size) DO UPDATE SET origin = excluded.origin, note = excluded.note;

-- name: cosigned_other_origin
DELETE FROM cosignature WHERE tree = $1 AND size = $2 AND EXISTS (
	SELECT 1 FROM cosigned WHERE cosigned.tree = $1 AND cosigned.size = $2 AND cosigned.origin <> $3);

-- Of a witness that signs the same again, the later word.
-- name: cosignature_put
INSERT INTO cosignature (tree, size, witness, signed_at, line) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tree, size, witness) DO UPDATE SET signed_at = excluded.signed_at, line = excluded.line
WHERE excluded.signed_at > cosignature.signed_at;

-- name: cosignature_of
SELECT k.witness, k.signed_at, k.line FROM cosignature k JOIN cosigned c ON c.tree = k.tree AND c.size = k.size
WHERE k.tree = $1 AND k.size = $2 AND c.origin = $3 ORDER BY k.witness;

-- The newest that so many have cosigned.
-- name: cosigned_by
SELECT c.size, c.note FROM cosigned c WHERE c.tree = $1 AND c.origin = $2 AND (
	SELECT COUNT(*) FROM cosignature k WHERE k.tree = c.tree AND k.size = c.size) >= $3
ORDER BY c.size DESC LIMIT 1;

-- The newest that this witness has cosigned.
-- name: cosigned_last_of
SELECT c.size, k.signed_at FROM cosigned c JOIN cosignature k ON k.tree = c.tree AND k.size = c.size
WHERE c.tree = $1 AND c.origin = $2 AND k.witness = $3 ORDER BY c.size DESC LIMIT 1;

-- Of a day, what no question asks for any more: each of its witnesses has cosigned a newer one, and a newer one has as
-- many cosignatures.
-- name: cosigned_spent
SELECT c.size FROM cosigned c WHERE c.tree = $1 AND c.day = $2 AND NOT EXISTS (
	SELECT 1 FROM cosignature k WHERE k.tree = c.tree AND k.size = c.size AND NOT EXISTS (
		SELECT 1 FROM cosigned n JOIN cosignature l ON l.tree = n.tree AND l.size = n.size
		WHERE n.tree = c.tree AND n.day = c.day AND n.size > c.size AND l.witness = k.witness))
AND EXISTS (
	SELECT 1 FROM cosigned n WHERE n.tree = c.tree AND n.day = c.day AND n.size > c.size AND (
		SELECT COUNT(*) FROM cosignature l WHERE l.tree = n.tree AND l.size = n.size) >= (
		SELECT COUNT(*) FROM cosignature k WHERE k.tree = c.tree AND k.size = c.size));

-- name: cosigned_drop
DELETE FROM cosigned WHERE tree = $1 AND size = $2;

-- name: cosignature_drop
DELETE FROM cosignature WHERE tree = $1 AND size = $2;

-- name: cosigned_all
SELECT tree, size, day, origin, note FROM cosigned ORDER BY tree, size;
