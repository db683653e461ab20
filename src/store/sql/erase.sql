-- Erasure: burying a person, proofs of consent, what was erased.

-- A buried person keeps id and number, and nothing else (vault/bury.h).
-- name: bury_subject
UPDATE subject SET state = 2, flags = 0, version = version + 1, tell_by_at = NULL, told_at = NULL,
                   due_at = NULL, email_tag = NULL, phone_tag = NULL, post_tag = NULL,
                   standing = $1, record = $2
WHERE no = $3 AND version = $4 AND state = 1;

-- The list of these is vault/bound.def.
-- name: bury_ledger
DELETE FROM ledger WHERE subject = $1;

-- name: bury_import_subject
DELETE FROM import_subject WHERE subject = $1;

-- name: bury_import_added
DELETE FROM import_added WHERE subject = $1;

-- name: bury_contact
DELETE FROM contact WHERE subject = $1;

-- name: bury_disclosure
DELETE FROM disclosure WHERE subject = $1;

-- name: bury_package
DELETE FROM package WHERE subject = $1;

-- Reads every row: only for a person whose record cannot be opened.
-- name: bury_lookups
DELETE FROM lookup WHERE subject = $1;

-- Acts on a purpose that was erased for somebody who remains.
-- name: ledger_evidence_drop
UPDATE ledger SET evidence = NULL WHERE subject = $1 AND purpose = $2 AND seq <= $3 AND evidence IS NOT NULL;

-- name: erasure_add
INSERT INTO erasure (subject, entry, id, version, text) VALUES ($1, $2, $3, $4, $5);

-- With whether keys are still to be destroyed.
-- name: erasure_get
SELECT erasure.entry, subject.id, erasure.text,
       (SELECT COUNT(*) FROM key_trim
        WHERE key_trim.subject = erasure.subject AND key_trim.version = erasure.version)
FROM erasure JOIN subject ON subject.no = erasure.subject WHERE erasure.id = $1;

-- name: proof_add
INSERT INTO proof (year, digest, entry, sealed) VALUES ($1, $2, $3, $4);

-- name: proof_years
SELECT DISTINCT year FROM proof ORDER BY year;

-- name: proof_find
SELECT sealed FROM proof WHERE year = $1 AND digest = $2 ORDER BY entry LIMIT $3;

-- A part of a year's, so that none is long at it.
-- name: proof_forget
DELETE FROM proof WHERE year = $1 AND digest IN (SELECT digest FROM proof WHERE year = $1 LIMIT $2);

-- For verification: buried persons, and what is left of them where nothing may be.
-- name: buried_nos
SELECT no FROM subject WHERE no > $1 AND state <> 1 ORDER BY no LIMIT $2;

-- name: buried_left
SELECT (SELECT COUNT(*) FROM ledger WHERE ledger.subject = $1)
     + (SELECT COUNT(*) FROM import_subject WHERE import_subject.subject = $1)
     + (SELECT COUNT(*) FROM import_added WHERE import_added.subject = $1)
     + (SELECT COUNT(*) FROM contact WHERE contact.subject = $1)
     + (SELECT COUNT(*) FROM disclosure WHERE disclosure.subject = $1),
       email_tag IS NULL AND phone_tag IS NULL AND post_tag IS NULL AND record = $2,
       version, id,
       (SELECT COUNT(*) FROM key_trim WHERE key_trim.subject = $1)
FROM subject WHERE no = $1;

-- name: buried_lookups
SELECT lookup.subject FROM lookup JOIN subject ON subject.no = lookup.subject
WHERE subject.state <> 1 AND lookup.subject > $1 ORDER BY lookup.subject LIMIT $2;
