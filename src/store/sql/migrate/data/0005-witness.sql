-- Others who saw a checkpoint of the audit log, and say so (audit/witness.h).

-- vkey: name and public key, C2SP signed-note, type 0x04.
CREATE TABLE witness (
	no        {id},
	id        {bytes} NOT NULL,
	vkey      TEXT NOT NULL,
	added_at  {int} NOT NULL
);

-- Checkpoints with cosignatures; note: as it was given out, with the log's own signature alone.  day: of the first
-- cosignature.
CREATE TABLE cosigned (
	tree    {int} NOT NULL,
	size    {int} NOT NULL,
	day     {int} NOT NULL,
	origin  TEXT NOT NULL,
	note    TEXT NOT NULL,
	PRIMARY KEY (tree, size)
) {clustered};
CREATE INDEX cosigned_day ON cosigned (tree, day);

-- line: of the note, with its newline.  signed_at: second, as the witness says.
CREATE TABLE cosignature (
	tree       {int} NOT NULL,
	size       {int} NOT NULL,
	witness    {int} NOT NULL,
	signed_at  {int} NOT NULL,
	line       TEXT NOT NULL,
	PRIMARY KEY (tree, size, witness)
) {clustered};
