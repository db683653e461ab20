-- keys.db: wrapped keys, apart from the data.  Nothing here opens without the root.

CREATE TABLE kek (
	epoch    {id},
	wrapped  {bytes} NOT NULL,
	made_at  {int} NOT NULL
);

CREATE TABLE named_key (
	name     TEXT PRIMARY KEY,
	epoch    {int} NOT NULL,
	wrapped  {bytes} NOT NULL
) {clustered};

-- epoch stands in the wrapped form too; here it is for finding what a rotation has still to do.
CREATE TABLE subject_key (
	subject  {id},
	epoch    {int} NOT NULL,
	wrapped  {bytes} NOT NULL
);
