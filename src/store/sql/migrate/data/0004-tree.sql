-- The tree over the audit log (audit/tree.h), and how a buried person is taken out of the log.

-- A log of its own for its readers: the first, and one from each restore on.  id: ends its origin.  size:
-- leaves; seq: the newest entry that is one.  pruned: leaves below it have no entry and no bundle any more;
-- pruned_seq: their last entry.
CREATE TABLE tree (
	no          {id},
	id          {bytes} NOT NULL,
	begun_at    {int} NOT NULL,
	size        {int} NOT NULL,
	seq         {int} NOT NULL,
	pruned      {int} NOT NULL,
	pruned_seq  {int} NOT NULL
);

-- Hashes of 32 octets, 256 at most; what is there stays, the last of a level grows.
CREATE TABLE tree_tile (
	tree    {int} NOT NULL,
	level   {int} NOT NULL,
	no      {int} NOT NULL,
	hashes  {bytes} NOT NULL,
	PRIMARY KEY (tree, level, no)
);

-- Leaves, 256 at most, each behind its length (audit/texts.h).
CREATE TABLE tree_bundle (
	tree       {int} NOT NULL,
	no         {int} NOT NULL,
	first_seq  {int} NOT NULL,
	leaves     {bytes} NOT NULL,
	PRIMARY KEY (tree, no)
);
CREATE UNIQUE INDEX tree_bundle_seq ON tree_bundle (first_seq);

-- Commitments of the items of a packed entry.
CREATE TABLE tree_pack (
	seq          {id},
	commitments  {bytes} NOT NULL
);

-- The last one signed on each day; note: as it was given out.
CREATE TABLE tree_checkpoint (
	tree  {int} NOT NULL,
	day   {int} NOT NULL,
	size  {int} NOT NULL,
	note  TEXT NOT NULL,
	PRIMARY KEY (tree, day)
) {clustered};

-- Whoever was buried: entries below that number do not say any more that they were about them.  done: 1.
CREATE TABLE entry_unlink (
	subject  {id},
	below    {int} NOT NULL,
	done     {int} NOT NULL
);
CREATE INDEX entry_unlink_open ON entry_unlink (subject) WHERE done = 0;
